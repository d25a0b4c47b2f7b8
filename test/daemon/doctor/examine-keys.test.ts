import { expect, test } from 'vitest';
import { examineKeys } from '../../../daemon/doctor/examine-keys.ts';

const state = { kind: undefined, refusal: undefined, isRotating: false };

test('a home without stores has no keys, and nothing is wrong with that', () => {
  expect(examineKeys({ ...state, stores: 0 })).toMatchObject({ level: 'ok' });
});

test('wrapped keys without a trace of the master key are a problem', () => {
  expect(examineKeys({ ...state, stores: 1 })).toMatchObject({
    level: 'problem',
    fix: 'put data/keys back from a backup',
  });
});
