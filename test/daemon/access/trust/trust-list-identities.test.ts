import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import {
  type AddedIdentity,
  createTrustList,
  type TrustList,
} from '../../../../daemon/access/trust/trust-list.ts';
import {
  createKeyPair,
  createTemporaryFolder,
  rejectionOf,
  ruleOf,
} from '../../../support/signed-package.ts';

const ada: AddedIdentity = {
  name: 'Ada',
  identity: 'ada@acme.example',
  issuer: 'https://accounts.acme.example',
  scope: 'sideloading',
};
const authority = {
  certChain: { certificates: [{ rawBytes: 'AAAA' }] },
  validFor: { start: '2026-01-01T00:00:00Z' },
};
const root = {
  mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  certificateAuthorities: [authority],
  tlogs: [{ publicKey: { rawBytes: 'AAAA', validFor: { start: '2026-01-01T00:00:00Z' } } }],
  ctlogs: [],
  timestampAuthorities: [],
};

let folder: string;
let path: string;
let list: TrustList;

beforeEach(() => {
  folder = createTemporaryFolder();
  path = join(folder, 'trust.json');
  list = createTrustList({ path, clock: () => new Date(0) });
});

test('keeps an identity of the public-good instance, across instances', async () => {
  const added = await list.addIdentity({ ...ada, sourceRepositoryId: '7', publisher: 'acme' });
  expect(added).toEqual({
    ...ada,
    root: 'public-good',
    publisher: 'acme',
    sourceRepositoryId: '7',
    addedAt: '1970-01-01T00:00:00.000Z',
  });
  expect(await createTrustList({ path }).list()).toEqual({ keys: [], identities: [added] });
});

test('adding the very same again changes nothing; with anything different it is a conflict', async () => {
  const added = await list.addIdentity(ada);
  expect(await list.addIdentity(ada)).toEqual(added);
  for (const change of [
    { name: 'Bob' },
    { scope: 'development' as const },
    { publisher: 'acme' },
    { sourceRepositoryId: '7' },
  ]) {
    expect((await rejectionOf(() => list.addIdentity({ ...ada, ...change }))).reason).toBe(
      'Conflict',
    );
  }
});

test('a name is shared by no key and identity', async () => {
  await list.addIdentity(ada);
  const { publicKeyPem } = createKeyPair();
  const key = { name: 'ADA', publicKeyPem, scope: 'sideloading' } as const;
  expect((await rejectionOf(() => list.add(key))).reason).toBe('Conflict');
});

test('removes by name, or by the identity when only one is spelled so', async () => {
  const other = { ...ada, name: 'Ada elsewhere', issuer: 'https://elsewhere.example' };
  await list.addIdentity(ada);
  await list.addIdentity(other);
  expect((await rejectionOf(() => list.remove(ada.identity))).reason).toBe('Conflict');
  expect(await list.remove('Ada elsewhere')).toMatchObject({ issuer: other.issuer });
  expect(await list.remove(ada.identity)).toMatchObject({ name: 'Ada' });
  expect((await list.list()).identities).toEqual([]);
});

test.each([
  '*',
  'https://github.com/acme/*',
  '.* ',
  'a b@c.d',
  'a\u0000b',
  'a\nb',
  'ad\u0430@acme.example',
  '',
])('attack 22: the pattern or unprintable identity %j is refused', async (identity) => {
  expect(await ruleOf(() => list.addIdentity({ ...ada, identity }))).toBe(
    'InvalidParams exact_identity',
  );
});

test.each([
  'accounts.acme.example',
  'http://accounts.acme.example',
  'https://*.acme.example',
  'https://user@acme.example',
  'https://',
  'javascript:alert(1)',
  ' https://acme.example',
  '',
])('an issuer of %j is refused', async (issuer) => {
  expect(await ruleOf(() => list.addIdentity({ ...ada, issuer }))).toBe(
    'InvalidParams exact_issuer',
  );
});

test('a signer of revocation lists cannot be limited to a publisher', async () => {
  const wanted = { ...ada, scope: 'revocation', publisher: 'acme' } as const;
  expect(await ruleOf(() => list.addIdentity(wanted))).toBe('InvalidParams revocation_publisher');
});

test('a trusted root of the user is kept by its digest and read back exactly', async () => {
  const trustedRoot = JSON.stringify(root, null, 3);
  const added = await list.addIdentity({ ...ada, trustedRoot });
  const hex = createHash('sha256').update(trustedRoot).digest('hex');
  expect(added.root).toBe(`sha256:${hex}`);
  expect(await list.readRoot(added.root)).toBe(trustedRoot);
  await list.remove('Ada');
  expect(readdirSync(join(folder, 'trusted-roots'))).toEqual([]);
});

test('a root that a crash left without an identity is gone after the next change', async () => {
  const orphan = join(folder, 'trusted-roots', `${'0'.repeat(64)}.json`);
  const { root: used } = await list.addIdentity({ ...ada, trustedRoot: JSON.stringify(root) });
  writeFileSync(orphan, '{}');
  await list.add({ name: 'Key', publicKeyPem: createKeyPair().publicKeyPem, scope: 'development' });
  expect(existsSync(orphan)).toBe(false);
  expect(await list.readRoot(used)).toBe(JSON.stringify(root));
});

test('a root is not kept when the identity could not be', async () => {
  mkdirSync(path);
  await expect(list.addIdentity({ ...ada, trustedRoot: JSON.stringify(root) })).rejects.toThrow();
  rmdirSync(path);
  mkdirSync(join(folder, 'trusted-roots'), { recursive: true });
  expect(readdirSync(join(folder, 'trusted-roots'))).toEqual([]);
});

test('a root that another identity leans on stays', async () => {
  const trustedRoot = JSON.stringify(root);
  const { root: digest } = await list.addIdentity({ ...ada, trustedRoot });
  await list.addIdentity({ ...ada, name: 'Bob', identity: 'bob@acme.example', trustedRoot });
  await list.remove('Ada');
  expect(await list.readRoot(digest)).toBe(trustedRoot);
});

test('a root whose file changed is not used', async () => {
  const { root: digest } = await list.addIdentity({ ...ada, trustedRoot: JSON.stringify(root) });
  const file = join(folder, 'trusted-roots', `${digest.slice('sha256:'.length)}.json`);
  writeFileSync(file, `${readFileSync(file, 'utf8')} `);
  expect(await ruleOf(() => list.readRoot(digest))).toBe('Unavailable trusted_root');
});

const eternal = { certChain: authority.certChain };
test.each([
  ['text', 'hello'],
  ['an empty object', '{}'],
  ['a repeated key', `{"mediaType":"x",${JSON.stringify(root).slice(1)}`],
  ['no authority', JSON.stringify({ ...root, certificateAuthorities: [] })],
  ['no log and no timestamp authority', JSON.stringify({ ...root, tlogs: [] })],
  ['attack 27: no start', JSON.stringify({ ...root, certificateAuthorities: [eternal] })],
  ['a log without a start', JSON.stringify({ ...root, tlogs: [{ publicKey: { validFor: {} } }] })],
  ['another media type', JSON.stringify({ ...root, mediaType: 'text/plain' })],
])('a trusted root that is or has %s is refused, and nothing is kept', async (_name, text) => {
  expect(await ruleOf(() => list.addIdentity({ ...ada, trustedRoot: text }))).toBe(
    'InvalidParams trusted_root',
  );
  expect(existsSync(path)).toBe(false);
});

test('a list on disk with a pattern in it trusts nobody', async () => {
  await list.addIdentity(ada);
  writeFileSync(path, readFileSync(path, 'utf8').replace('ada@acme.example', '*'));
  expect(await ruleOf(() => list.list())).toBe('Unavailable trust_list');
});
