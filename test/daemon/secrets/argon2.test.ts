import { RpcError } from '@locara/protocol';
import { expect, test } from 'vitest';
import { hasArgon2, toArgon2Error } from '../../../daemon/secrets/argon2.ts';

test('the pinned Node has Argon2, found by using it', async () => {
  expect(await hasArgon2()).toBe(true);
});

test('a Node without Argon2 is Unavailable, not a fault of the daemon: nothing weaker stands in', () => {
  const missing = Object.assign(new Error('not supported'), {
    code: 'ERR_CRYPTO_ARGON2_NOT_SUPPORTED',
  });
  const told = toArgon2Error(missing);
  expect(told).toBeInstanceOf(RpcError);
  expect(told).toMatchObject({ reason: 'Unavailable', details: { rule: 'no_argon2' } });
});

test('another failure of Argon2 stays what it is', () => {
  const error = new Error('other');
  expect(toArgon2Error(error)).toBe(error);
});
