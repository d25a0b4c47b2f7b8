import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RevocationList } from '@locara/protocol';
import {
  createRevocationIndex,
  findUnreadableRange,
} from '../../../../daemon/access/trust/revocation-index.ts';
import { revocationList } from '../../../support/revocation-lists.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const HINT = `${'A'.repeat(43)}=`;
const app = {
  appId: 'acme/notes',
  version: '1.2.0',
  manifestDigest: DIGEST,
  signerId: `key:${HINT}`,
};
const listOf = (...targets: Record<string, unknown>[]) =>
  RevocationList.parse(
    revocationList(
      7,
      targets.map((target) => ({ reason: 'Why.', ...target })),
    ),
  );
const indexOf = (...targets: Record<string, unknown>[]) =>
  createRevocationIndex(listOf(...targets));

test.each([
  { appId: 'acme/notes' },
  { appId: 'acme/notes', versions: '1.x' },
  { manifestDigest: DIGEST },
  { publisher: 'acme' },
  { signer: HINT },
  { signer: `key:${HINT}` },
])('%j hits the app', (target) => {
  expect(indexOf({ publisher: 'other' }, target).find(app)).toEqual({ reason: 'Why.', seq: 7 });
});

test.each([
  { appId: 'acme/note' },
  { appId: 'acme/notes', versions: '>1.2.0' },
  { publisher: 'acme-2' },
  { publisher: 'acm' },
  { publisher: 'notes' },
  { manifestDigest: `sha256:${'1'.repeat(64)}` },
  { signer: `${'B'.repeat(43)}=` },
])('%j does not', (target) => {
  expect(indexOf(target).find(app)).toBeUndefined();
});

test.each([
  ['<1.2.0', '1.2.0-rc.1', true],
  ['<=1.2.0', '1.2.0-rc.1', true],
  ['1.x', '1.9.0-beta', true],
  ['1.x', '1.0.0-alpha', true],
  ['>=1.0.0 <2.0.0', '2.0.0-alpha', true],
  ['>=1.0.0 <2.0.0', '2.0.0', false],
  ['^1.2.0', '1.2.0+evil.build', true],
  ['1.2.0', '1.2.0+anything', true],
  ['<1.2.0 || >=1.3.0 <1.3.5', '1.3.4', true],
  ['<1.2.0 || >=1.3.0 <1.3.5', '1.2.7', false],
  ['*', '0.0.0-0', true],
  // What nobody can read counts as hit.
  ['1.x', 'one', true],
  ['1.x', '99999999999999999999.0.0', true],
  ['latest', '1.2.0', true],
])('the range %s and version %s: %s', (versions, version, isHit) => {
  const found = indexOf({ appId: 'acme/notes', versions }).find({ ...app, version });
  expect(found !== undefined).toBe(isHit);
});

test('the second of two ranges of an app counts as the first does', () => {
  const index = indexOf(
    { appId: 'acme/notes', versions: '0.x' },
    { appId: 'acme/notes', versions: '1.2.0', reason: 'Second.' },
  );
  expect(index.find(app)?.reason).toBe('Second.');
});

test('names that objects inherit are names like others', () => {
  const index = indexOf({ publisher: 'constructor' });
  expect(index.find(app)).toBeUndefined();
  expect(index.find({ ...app, appId: 'constructor/x' })).toBeDefined();
  expect(indexOf().find({ ...app, appId: '__proto__/x' })).toBeUndefined();
});

test('a range that nobody can read is found by its position', async () => {
  expect(
    await findUnreadableRange(listOf({ publisher: 'a' }, { appId: 'a/b', versions: 'new' })),
  ).toBe(1);
  expect(await findUnreadableRange(listOf({ appId: 'a/b', versions: '>=1 <2' }))).toBeUndefined();
});

test('no version slips through a range that has everything', () => {
  const index = indexOf({ appId: 'acme/notes', versions: '*' });
  const part = fc.nat();
  const tail = fc.constantFrom('', '-rc.1', '-0', '+build', '-alpha.beta+build.7');
  fc.assert(
    fc.property(part, part, part, tail, (major, minor, patch, end) => {
      expect(index.find({ ...app, version: `${major}.${minor}.${patch}${end}` })).toBeDefined();
    }),
  );
});
