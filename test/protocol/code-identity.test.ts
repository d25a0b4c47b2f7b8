import { checkManifest, readMacCode } from '@locara/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createManifest } from '../support/signed-package.ts';

const CODE = { bundleId: 'com.acme.notes', teamId: 'AB12CD34EF' };

test('what build.macos declares is read, beside whatever else the section holds', () => {
  expect(readMacCode({ macos: { ...CODE, minimum: 13 }, other: [1] })).toEqual(CODE);
});

test.each([undefined, null, 1, 'macos', [], {}, { linux: CODE }])(
  'a build section of %j declares no code',
  (build) => {
    expect(readMacCode(build)).toBe('none');
  },
);

test.each([
  null,
  'com.acme.notes',
  {},
  { bundleId: CODE.bundleId },
  { ...CODE, teamId: 'ab12cd34ef' },
  { ...CODE, teamId: 10 },
  { ...CODE, bundleId: 'a" or anchor apple or identifier "b' },
  { ...CODE, bundleId: 'com.acme.notes\n' },
  { ...CODE, bundleId: 'com.аcme.notes' },
  { ...CODE, bundleId: 'a'.repeat(256) },
])('attack 19: the code %j is malformed, never a part of a requirement', (macos) => {
  expect(readMacCode({ macos })).toBe('malformed');
});

test('nothing that a manifest can hold makes it throw, and it never yields anything but safe text', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom(CODE.bundleId, CODE.teamId));
  const macos = fc.oneof(fc.anything(), fc.record({ bundleId: text, teamId: text }));
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.record({ macos })), (build) => {
      const read = readMacCode(build);
      if (typeof read === 'object')
        expect(`${read.bundleId} ${read.teamId}`).toMatch(/^[\w.-]+ \w{10}$/);
    }),
  );
});

test('its author is warned of a malformed one', () => {
  const warningsOf = (build: unknown): readonly string[] =>
    checkManifest(createManifest({ build })).warnings.map(({ path }) => path);
  expect(warningsOf({ macos: { bundleId: 'x' } })).toContain('build.macos');
  expect(warningsOf({ macos: CODE })).not.toContain('build.macos');
  expect(warningsOf({})).not.toContain('build.macos');
});
