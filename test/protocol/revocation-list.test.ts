import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkRevocationList } from '@locara/protocol';
import { revocationList } from '../support/revocation-lists.ts';

const why = { reason: 'Stole notes.', advisory: 'https://acme.example/1' };
const check = (list: unknown) =>
  checkRevocationList(Buffer.from(typeof list === 'string' ? list : JSON.stringify(list)));
const checkEntry = (entry: Record<string, unknown>) => check(revocationList(1, [entry])).errors;

test.each([
  { appId: 'acme/notes' },
  { appId: 'acme/notes', versions: '>=1.0.0 <1.4.2' },
  { manifestDigest: `sha256:${'0'.repeat(64)}` },
  { publisher: 'acme' },
  { signer: `${'A'.repeat(43)}=` },
  { signer: `key:${'A'.repeat(43)}=` },
  { signer: 'sigstore:public-good:https%3A%2F%2Fx.y#identity=a%40b.c' },
])('an entry may name %j', (target) => {
  expect(checkEntry({ ...why, ...target })).toEqual([]);
});

test.each([
  ['no target', why, 'entries[0]'],
  ['two targets', { ...why, appId: 'acme/notes', publisher: 'acme' }, 'entries[0]'],
  ['versions of a publisher', { ...why, publisher: 'acme', versions: '*' }, 'entries[0].versions'],
  ['an app id that is a path', { ...why, appId: '../x' }, 'entries[0].appId'],
  ['an app id of one part', { ...why, appId: '__proto__' }, 'entries[0].appId'],
  [
    'a digest in capitals',
    { ...why, manifestDigest: `sha256:${'A'.repeat(64)}` },
    'entries[0].manifestDigest',
  ],
  ['a signer of another form', { ...why, signer: 'everyone' }, 'entries[0].signer'],
  ['no reason', { appId: 'acme/notes' }, 'entries[0].reason'],
  [
    'a reason that moves the cursor',
    { ...why, reason: 'a\u001b[2J', appId: 'a/b' },
    'entries[0].reason',
  ],
  [
    'a reason that turns the text around',
    { ...why, reason: '\u202e', appId: 'a/b' },
    'entries[0].reason',
  ],
  [
    'an advisory over http',
    { ...why, advisory: 'http://x.y', appId: 'a/b' },
    'entries[0].advisory',
  ],
  [
    'an advisory that runs',
    { ...why, advisory: 'javascript:alert(1)', appId: 'a/b' },
    'entries[0].advisory',
  ],
  ['an unknown key', { ...why, appId: 'a/b', until: '2027' }, 'entries[0]'],
])('an entry with %s is refused, naming where', (_, entry, path) => {
  expect(checkEntry(entry).map((error) => error.path)).toContain(path);
});

test.each([
  ['another schema', { schema: 'locara-revocations/v2' }, 'schema'],
  ['seq 0', { seq: 0 }, 'seq'],
  ['a fractional seq', { seq: 1.5 }, 'seq'],
  ['a seq beyond exact integers', { seq: 2 ** 53 }, 'seq'],
  ['a seq of text', { seq: '7' }, 'seq'],
  ['no end', { expires: undefined }, 'expires'],
  ['an end before its start', { expires: '2026-10-01T00:00:00Z' }, 'expires'],
  ['a day for an end', { expires: '2099-01-01' }, 'expires'],
  ['an unknown key', { notes: '' }, ''],
])('a list with %s is refused, naming where', (_, changes, path) => {
  expect(check(revocationList(1, [], changes)).errors.map((error) => error.path)).toContain(path);
});

const text = JSON.stringify(revocationList(1));
test.each([
  ['a repeated key', text.replace('"seq":1', '"seq":1,"seq":2'), 'each key once'],
  ['__proto__', text.replace('"seq":1', '"seq":1,"__proto__":{}'), 'no key named __proto__'],
  ['a byte order mark', `\ufeff${text}`, 'no byte order mark'],
  ['bytes behind it', `${text}{}`, 'nothing after the value'],
  ['half of it', text.slice(0, 40), 'valid JSON'],
])('attack 29: %s in a list is refused', (_, bytes, rule) => {
  expect(check(bytes)).toMatchObject({ errors: [{ rule }] });
});

test('10 000 entries are read, one more is refused', () => {
  const entries = Array.from({ length: 10_001 }, (_, n) => ({ ...why, appId: `acme/app-${n}` }));
  expect(check(revocationList(1, entries.slice(1))).list?.entries).toHaveLength(10_000);
  expect(check(revocationList(1, entries)).errors).toHaveLength(1);
});

test('more than 4 MiB is refused unread, and errors are counted only up to twenty', () => {
  expect(check(`${text}${' '.repeat(4 * 1024 * 1024)}`).errors[0]?.rule).toMatch(/^at most/);
  const entries = Array.from({ length: 1000 }, () => ({}));
  expect(check(revocationList(1, entries)).errors).toHaveLength(20);
});

test('no JSON value in the place of another ever makes it throw', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.constantFrom('seq', 'entries', 'expires', 'schema'),
      (value, key) => {
        expect(check(revocationList(1, [], { [key]: value })).errors).toBeInstanceOf(Array);
        expect(checkEntry({ ...why, appId: value }).length).toBeGreaterThanOrEqual(0);
      },
    ),
    { numRuns: 300 },
  );
});
