import { expect, test } from 'vitest';
import { checkManifest } from '@locara/protocol';
import { createManifest } from '../support/signed-package.ts';

test.each([
  ['999999999999999.0.0', 0],
  ['1.0.1000000000000000', 1],
  ['99999999999999999999.0.0', 1],
])('the version %s, which ranges must be able to read, has %i errors', (version, errors) => {
  expect(checkManifest(createManifest({ version })).errors).toHaveLength(errors);
});
