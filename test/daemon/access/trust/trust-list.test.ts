import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTrustList, type TrustList } from '../../../../daemon/access/trust/trust-list.ts';
import {
  createKeyPair,
  createTemporaryFolder,
  rejectionOf,
  ruleOf,
} from '../../../support/signed-package.ts';

function createList(): { list: TrustList; path: string } {
  const path = join(createTemporaryFolder(), 'data', 'trust.json');
  return { list: createTrustList({ path, clock: () => new Date(0) }), path };
}

const key = createKeyPair();

test('keeps keys in a file that only its owner can read, across instances', async () => {
  const { list, path } = createList();
  const added = await list.add({
    name: 'Ada',
    publicKeyPem: key.publicKeyPem,
    scope: 'sideloading',
  });
  expect(added).toEqual({
    name: 'Ada',
    hint: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/) as string,
    algorithm: 'ecdsa-p256',
    scope: 'sideloading',
    addedAt: '1970-01-01T00:00:00.000Z',
  });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await createTrustList({ path }).list()).toEqual({ keys: [added], identities: [] });
});

test('removes by name or by hint', async () => {
  const { list } = createList();
  const one = await list.add({ name: 'one', publicKeyPem: key.publicKeyPem, scope: 'sideloading' });
  const other = createKeyPair('ed25519');
  const two = await list.add({
    name: 'two',
    publicKeyPem: other.publicKeyPem,
    scope: 'development',
  });
  expect(two.algorithm).toBe('ed25519');
  expect(await list.remove('one')).toEqual(one);
  expect(await list.find(one.hint)).toBeUndefined();
  expect(await list.remove(two.hint)).toEqual(two);
  expect((await rejectionOf(() => list.remove('one'))).reason).toBe('NotFound');
});

test('adding the same key again changes nothing; another name or scope for it is a conflict', async () => {
  const { list } = createList();
  const request = { name: 'Ada', publicKeyPem: key.publicKeyPem, scope: 'sideloading' } as const;
  expect(await list.add(request)).toEqual(await list.add(request));
  for (const change of [{ name: 'Bob' }, { scope: 'development' as const }]) {
    expect((await rejectionOf(() => list.add({ ...request, ...change }))).reason).toBe('Conflict');
  }
  expect((await list.list()).keys).toHaveLength(1);
});

test('a name is unique whatever its case', async () => {
  const { list } = createList();
  await list.add({ name: 'Ada', publicKeyPem: key.publicKeyPem, scope: 'sideloading' });
  const { publicKeyPem } = createKeyPair();
  const error = await rejectionOf(() =>
    list.add({ name: 'aDA', publicKeyPem, scope: 'sideloading' }),
  );
  expect(error.reason).toBe('Conflict');
});

test('concurrent additions are all kept', async () => {
  const { list } = createList();
  const names = ['a', 'b', 'c', 'd', 'e'];
  await Promise.all(
    names.map((name) =>
      list.add({ name, publicKeyPem: createKeyPair().publicKeyPem, scope: 'sideloading' }),
    ),
  );
  expect((await list.list()).keys.map(({ name }) => name)).toEqual(names);
});

test.each([
  ['a private key', key.keyPem, 'private_key'],
  ['no key', 'hello', 'spki_pem'],
  ['a broken key', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', 'spki_pem'],
  ['two keys', key.publicKeyPem + createKeyPair().publicKeyPem, 'spki_pem'],
  [
    'an RSA key',
    generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
      type: 'spki',
      format: 'pem',
    }),
    'key_algorithm',
  ],
  [
    'a P-384 key',
    generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({
      type: 'spki',
      format: 'pem',
    }),
    'key_algorithm',
  ],
])('refuses %s', async (_, publicKeyPem, rule) => {
  const { list } = createList();
  expect(await ruleOf(() => list.add({ name: 'x', publicKeyPem, scope: 'sideloading' }))).toBe(
    `InvalidParams ${rule}`,
  );
});

test.each([
  [
    'is writable by everyone',
    (path: string) => {
      chmodSync(path, 0o602);
    },
  ],
  [
    'is writable by the group',
    (path: string) => {
      chmodSync(path, 0o620);
    },
  ],
  [
    'is not JSON',
    (path: string) => {
      writeFileSync(path, '{"version":1');
    },
  ],
  [
    'is empty',
    (path: string) => {
      writeFileSync(path, '');
    },
  ],
  [
    'has an unknown field',
    (path: string) => {
      writeFileSync(path, '{"version":1,"keys":[],"identities":[],"trustAll":true}');
    },
  ],
  [
    'lists a hint that is not its key’s',
    (path: string) => {
      const other = createKeyPair().publicKeyPem.replaceAll('\n', '\\n');
      writeFileSync(
        path,
        readFileSync(path, 'utf8').replace(/"publicKeyPem": "[^"]*"/, `"publicKeyPem": "${other}"`),
      );
    },
  ],
])('a file that %s trusts nobody, and every operation says so', async (_, damage) => {
  const { list, path } = createList();
  const { hint } = await list.add({
    name: 'Ada',
    publicKeyPem: key.publicKeyPem,
    scope: 'sideloading',
  });
  damage(path);
  const { publicKeyPem } = createKeyPair();
  for (const operation of [
    () => list.list(),
    () => list.find(hint),
    () => list.remove('Ada'),
    () => list.add({ name: 'Bob', publicKeyPem, scope: 'sideloading' }),
  ]) {
    expect(await ruleOf(operation)).toBe('Unavailable trust_list');
  }
});

test('a link in place of the file trusts nobody', async () => {
  const { list, path } = createList();
  await list.add({ name: 'Ada', publicKeyPem: key.publicKeyPem, scope: 'sideloading' });
  const link = `${path}.link`;
  symlinkSync(path, link);
  expect(await ruleOf(() => createTrustList({ path: link }).list())).toBe('Unavailable trust_list');
});
