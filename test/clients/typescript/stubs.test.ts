import { expect, test } from 'vitest';
import { buildStubs } from '../../../clients/typescript/stubs.ts';

test('stubs are reached by every part of their names, however many there are', () => {
  const stubs = buildStubs(
    ['privacy.redact', 'privacy.budget.create', 'privacy.budget.get'],
    (name) => name,
  );
  expect(stubs).toEqual({
    privacy: {
      redact: 'privacy.redact',
      budget: { create: 'privacy.budget.create', get: 'privacy.budget.get' },
    },
  });
});
