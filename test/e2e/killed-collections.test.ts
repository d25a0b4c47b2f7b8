import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStoreDatabase } from '../../daemon/stores/database/database.ts';
import { createHome, type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { keyPathsIn, makeCustody } from '../support/key-custody.ts';
import { openSession, type RawCredentials, type Wire } from '../support/raw-client.ts';

const APP = 'acme/notes';
const collection = 'notes';
/** Twenty batches: there is time to kill the daemon after the first. */
const RECORDS = 4000;

const home = createHome();
let daemon: DaemonProcess;
let credentials: RawCredentials;
let wire: Wire;

beforeAll(async () => {
  daemon = await startDaemonProcess({ home });
  credentials = await installSample(daemon.controlSocket);
  await connect();
  await call('collections.create', { collection });
});
afterAll(async () => {
  wire.end();
  await daemon.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

async function connect(): Promise<void> {
  wire = await openSession(daemon.appSocket, credentials);
}

async function call(method: string, params: unknown): Promise<Record<string, unknown>> {
  const { result, error } = await wire.call(method, params);
  expect(error).toBeUndefined();
  return result ?? {};
}

async function commit(bytes: Buffer): Promise<string> {
  const { blob } = await call('blobs.create', {});
  await call('blobs.append', { blob, offset: 0, data: bytes.toString('base64') });
  await call('blobs.commit', { blob, sha256: createHash('sha256').update(bytes).digest('hex') });
  return blob as string;
}

const list = async (): Promise<unknown> =>
  ((await call('collections.list', {}))['collections'] as unknown[])[0];

/** Kills the daemon at the first chunk of a call, and starts the next one; the chunk. */
async function killInside(method: string, params: object): Promise<Record<string, unknown>> {
  const cut = wire.call(method, params, 'cut');
  const first = await wire.next((message) => message.method === '$/chunk');
  const gone = once(daemon.child, 'exit');
  daemon.child.kill('SIGKILL');
  await gone;
  expect((await cut).result).toBeUndefined();
  daemon = await startDaemonProcess({ home });
  await connect();
  return first.params?.['chunk'] as Record<string, unknown>;
}

/** As if another model had made the vectors: the catalog has one alone. */
async function pretendOlderModel(): Promise<void> {
  wire.end();
  await daemon.stop();
  const { storeKeys } = makeCustody(keyPathsIn(join(home, 'data')), { preferred: 'file' });
  const [key] = (await storeKeys.open(APP, { mustExist: true })).keys;
  const path = join(home, 'data/stores', APP, 'store.db');
  const store = openStoreDatabase({ path, key: key ?? Buffer.alloc(0), quotaBytes: 2 ** 30 });
  store.prepare("UPDATE locara_collections SET model = 'sha256:older'").run();
  store.close();
  daemon = await startDaemonProcess({ home });
  await connect();
}

test('an import that was killed goes on at its last offset, and each record is there once', async () => {
  const lines = Array.from({ length: RECORDS }, (_value, at) =>
    JSON.stringify({ id: `r${at}`, text: `a cat and number ${at}` }),
  );
  const bytes = Buffer.from(`${lines.join('\n')}\n`);
  const chunk = await killInside('collections.import', { collection, blob: await commit(bytes) });
  const { offset, imported } = chunk as { offset: number; imported: number };
  const { records } = (await list()) as { records: number };
  expect(records).toBeGreaterThanOrEqual(imported);
  const rest = { collection, blob: await commit(bytes), offset };
  expect(await call('collections.import', rest)).toMatchObject({ imported: RECORDS - imported });
  expect(await list()).toMatchObject({ records: RECORDS, vectors: RECORDS });
});

test('an embedding anew that was killed goes on, and until its end the old vectors are searched', async () => {
  const before = (await list()) as { modelDigest: string };
  await pretendOlderModel();
  const { done } = await killInside('collections.reembed', { collection });
  expect(await list()).toMatchObject({
    modelDigest: 'sha256:older',
    reembedding: { modelDigest: before.modelDigest },
    vectors: RECORDS,
  });
  const { reembedded } = await call('collections.reembed', { collection });
  expect(reembedded).toBeLessThanOrEqual(RECORDS - Number(done));
  expect(await list()).toEqual(before);
});
