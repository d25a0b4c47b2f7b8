import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTrustList } from '../../../../daemon/access/trust/trust-list.ts';
import { createTrustHandlers } from '../../../../daemon/handlers/control/trust.ts';
import { createKeyPair, createTemporaryFolder } from '../../../support/signed-package.ts';

const call = { signal: new AbortController().signal };

function createHandlers() {
  const decided: unknown[] = [];
  const logged: unknown[] = [];
  const handlers = createTrustHandlers({
    trustList: createTrustList({ path: join(createTemporaryFolder(), 'trust.json') }),
    audit: {
      decide: (...decision) => void decided.push(decision),
      use: () => undefined,
      deny: () => undefined,
      effect: () => undefined,
    },
    log: { info: (event, fields) => void logged.push([event, fields]) },
  });
  return { handlers, decided, logged };
}

test('every change of trust is told to the audit log and the log, without the user’s own words', async () => {
  const { handlers, decided, logged } = createHandlers();
  const { publicKeyPem } = createKeyPair();
  const wanted = {
    name: 'My friend',
    publicKeyPem,
    scope: 'sideloading',
    publisher: 'acme',
  } as const;
  const { key } = await handlers['trust.add'](wanted, call);
  await handlers['trust.addIdentity'](
    { name: 'Lists', identity: 'a@b.c', issuer: 'https://x.y', scope: 'revocation' },
    call,
  );
  await handlers['trust.remove']({ key: 'My friend' }, call);
  const signerId = `key:${key.hint}`;
  const identityId = 'sigstore:public-good:https%3A%2F%2Fx.y#identity=a%40b.c';
  expect(decided).toEqual([
    ['trust.added', undefined, { signerId, scope: 'sideloading', publisher: 'acme' }],
    ['trust.added', undefined, { signerId: identityId, scope: 'revocation' }],
    ['trust.removed', undefined, { signerId, scope: 'sideloading', publisher: 'acme' }],
  ]);
  expect(logged).toHaveLength(3);
  expect(JSON.stringify([decided, logged])).not.toContain('My friend');
});

test.each([
  ['sideloading', undefined, 'under any publisher name'],
  ['sideloading', 'acme', 'apps of the publisher acme'],
  ['development', undefined, 'marked as development'],
  ['revocation', undefined, 'can block any app'],
] as const)('the answer warns what trust for %s of %s means', async (scope, publisher, words) => {
  const { handlers } = createHandlers();
  const { publicKeyPem } = createKeyPair();
  const { warning } = await handlers['trust.add'](
    { name: 'A', publicKeyPem, scope, ...(publisher === undefined ? {} : { publisher }) },
    call,
  );
  expect(warning).toContain(words);
});

test('both kinds are listed', async () => {
  const { handlers } = createHandlers();
  const { publicKeyPem } = createKeyPair();
  await handlers['trust.add']({ name: 'A', publicKeyPem, scope: 'sideloading' }, call);
  await handlers['trust.addIdentity'](
    { name: 'B', identity: 'a@b.c', issuer: 'https://x.y', scope: 'development' },
    call,
  );
  expect(await handlers['trust.list']({}, call)).toMatchObject({
    keys: [{ name: 'A', scope: 'sideloading' }],
    identities: [{ name: 'B', scope: 'development', root: 'public-good' }],
  });
});
