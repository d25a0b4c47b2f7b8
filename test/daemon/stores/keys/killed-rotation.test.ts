import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { KeyCustody } from '../../../../daemon/stores/keys/key-custody.ts';
import { keyPathsIn, makeCustody, TestKeyring } from '../../../support/key-custody.ts';
import { makeTemporaryFolder } from '../../../support/temporary-store.ts';

const CHILD = join(import.meta.dirname, '../../../support/killed-rotation.ts');
const PASSPHRASE = 'correct horse battery';
const STORES = ['acme/notes', 'acme/mail', 'zeta/photos'];
/** Each change on the disk is made in a process of its own; this many at once. */
const AT_ONCE = 3;

type Kind = 'file' | 'keyring' | 'passphrase';

const openHome = (folder: string): { custody: KeyCustody; keyring: TestKeyring } => {
  const keyring = new TestKeyring(join(folder, 'keyring.json'));
  return { keyring, custody: makeCustody(keyPathsIn(folder), { keyring, preferred: 'keyring' }) };
};

async function readKeys({ storeKeys }: KeyCustody): Promise<string[]> {
  const opened = await Promise.all(
    STORES.map((storeId) => storeKeys.open(storeId, { mustExist: true })),
  );
  return opened.map(({ keys }) => keys.map((key) => key.toString('hex')).join(' '));
}

/** A home with three stores, one in the middle of a rotation of its own. */
async function makeHome(from: Kind): Promise<{ folder: string; keys: string[] }> {
  const folder = makeTemporaryFolder();
  const { custody } = openHome(folder);
  for (const storeId of STORES) await custody.storeKeys.open(storeId, { mustExist: false });
  await custody.storeKeys.prepareNext('acme/mail');
  if (from !== 'keyring') await custody.protect({ kind: 'file' });
  return { folder, keys: await readKeys(custody) };
}

/** The number of changes when the process was not killed; undefined when it was. */
async function rotate(folder: string, to: Kind, killAt: number): Promise<number | undefined> {
  const args = ['--conditions=locara-source', CHILD, folder, to, String(killAt)];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return Number(stdout);
  } catch (error) {
    expect(error).toMatchObject({ signal: 'SIGKILL' });
    return undefined;
  }
}

/** Whatever the process left behind: every key is the one it was, and one master key is left, nothing else. */
async function assertWhole(folder: string, keys: readonly string[]): Promise<void> {
  const { custody, keyring } = openHome(folder);
  if ((await custody.state()).refusal?.details?.['rule'] === 'keys_locked') {
    await custody.unlock(Buffer.from(PASSPHRASE));
  }
  expect(await readKeys(custody)).toEqual(keys);
  await custody.resume();
  expect(await readKeys(custody)).toEqual(keys);
  const { kind, isRotating, refusal } = await custody.state();
  expect({ isRotating, refusal }).toEqual({ isRotating: false, refusal: undefined });
  const files = readdirSync(join(folder, 'keys')).filter((name) => /^master.*\.key$/.test(name));
  expect(files).toHaveLength(kind === 'file' ? 1 : 0);
  expect(keyring.accounts).toHaveLength(kind === 'keyring' ? 1 : 0);
  const descriptor = readFileSync(join(folder, 'keys/master.json'), 'utf8');
  expect(JSON.parse(descriptor)).toMatchObject({ leftovers: [] });
}

test.each<[Kind, Kind]>([
  ['file', 'file'],
  ['file', 'passphrase'],
  ['keyring', 'file'],
  ['keyring', 'keyring'],
])(
  'a change of the master key from %s to %s survives being killed at every change on the disk',
  { timeout: 120_000 },
  async (from, to) => {
    const home = await makeHome(from);
    const copyOf = (): string => {
      const folder = makeTemporaryFolder();
      cpSync(home.folder, folder, { recursive: true });
      return folder;
    };
    const unharmed = copyOf();
    const changes = (await rotate(unharmed, to, 0)) ?? 0;
    expect(changes).toBeGreaterThanOrEqual(8);
    await assertWhole(unharmed, home.keys);
    const kills = Array.from({ length: changes }, (_, index) => index + 1);
    while (kills.length > 0) {
      await Promise.all(
        kills.splice(0, AT_ONCE).map(async (kill) => {
          const folder = copyOf();
          expect(await rotate(folder, to, kill)).toBe(undefined);
          await assertWhole(folder, home.keys);
        }),
      );
    }
  },
);
