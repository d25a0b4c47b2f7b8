import { copyFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DATABASE_FILE } from '../../../../daemon/stores/database/store-file.ts';
import type { StoreKeys } from '../../../../daemon/stores/keys/store-keys.ts';
import {
  createStoreProcesses,
  type StorePlace,
  type StoreProcesses,
} from '../../../../daemon/stores/processes/store-processes.ts';
import type { StoreOps } from '../../../../daemon/workers/store/ops.ts';
import { createWorker } from '../../../../daemon/workers/supervisor.ts';
import type { Worker } from '../../../../daemon/workers/worker.ts';
import { silentLog } from '../../../fakes/silent-log.ts';
import { keyPathsIn, makeCustody } from '../../../support/key-custody.ts';
import { createInProcessStoreWorker } from '../../../support/store-worker.ts';
import { makeTemporaryFolder } from '../../../support/temporary-store.ts';

const ID = 'acme/notes';
const QUOTA_BYTES = 64 * 1024 * 1024;

interface Home {
  readonly keys: StoreKeys;
  readonly place: StorePlace;
  readonly file: string;
  /** The processes of one daemon after the other. */
  start(options?: { readonly keys?: StoreKeys }): StoreProcesses;
}

/** With the store's real process. */
function makeHome(): Home {
  const folder = makeTemporaryFolder();
  const { storeKeys } = makeCustody(keyPathsIn(folder));
  const place = { id: ID, folder: join(folder, 'store'), quotaBytes: QUOTA_BYTES };
  return {
    keys: storeKeys,
    place,
    file: join(place.folder, DATABASE_FILE),
    start: ({ keys = storeKeys } = {}) => {
      const processes = createStoreProcesses({
        keys,
        log: silentLog,
        createStoreWorker: (spec, hooks) =>
          createWorker<StoreOps>(spec, { log: silentLog, ...hooks }),
      });
      onTestFinished(() => processes.closeAll());
      return processes;
    },
  };
}

const generationOf = async ({ keys }: Home): Promise<number> =>
  (await keys.open(ID, { mustExist: true })).generation;
const write = (store: Worker<StoreOps>): Promise<unknown> =>
  store.call('exec', { sql: 'CREATE TABLE IF NOT EXISTS notes (body)' });

describe('the generation on record', () => {
  test('is that of the file before its first call is acknowledged, and counts a clean end', async () => {
    const home = makeHome();
    const processes = home.start();
    await write(processes.open(home.place));
    expect(await generationOf(home)).toBe(1);
    await processes.closeAll();
    expect(await generationOf(home)).toBe(2);
    await write(processes.open(home.place));
    expect(await generationOf(home)).toBe(3);
  });

  test('lets a process that was killed be followed by another, without a false alarm', async () => {
    const home = makeHome();
    const store = home.start().open(home.place);
    await write(store);
    for (const expected of [2, 3]) {
      process.kill(store.status().pid, 'SIGKILL');
      await expect.poll(() => store.status().pid).toBe(0);
      await write(store);
      expect(await generationOf(home)).toBe(expected);
    }
  });

  test('lets a daemon that was killed before it wrote the record be followed by another', async () => {
    const home = makeHome();
    const silent: StoreKeys = {
      open: (...args) => home.keys.open(...args),
      has: (id) => home.keys.has(id),
      recordGeneration: () => Promise.resolve(),
      accept: (id) => home.keys.accept(id),
      prepareNext: (id) => home.keys.prepareNext(id),
      promoteNext: (id) => home.keys.promoteNext(id),
      destroy: (id) => home.keys.destroy(id),
    };
    const first = home.start({ keys: silent });
    await write(first.open(home.place));
    await first.closeAll();
    expect(await generationOf(home)).toBe(0);
    await write(home.start().open(home.place));
    expect(await generationOf(home)).toBe(3);
  });

  test('acknowledges nothing that it could not be written for', async () => {
    const home = makeHome();
    const refused = new Error('no room');
    const store = home
      .start({
        keys: {
          ...home.keys,
          open: (...args) => home.keys.open(...args),
          recordGeneration: () => Promise.reject(refused),
        },
      })
      .open(home.place);
    await expect(write(store)).rejects.toBe(refused);
  });

  test('refuses an older file put back, until the user accepts it', async () => {
    const home = makeHome();
    const processes = home.start();
    await write(processes.open(home.place));
    await processes.closeAll();
    copyFileSync(home.file, `${home.file}.old`);
    await write(processes.open(home.place));
    await processes.closeAll();
    copyFileSync(`${home.file}.old`, home.file);
    await expect(write(processes.open(home.place))).rejects.toMatchObject({
      reason: 'Unavailable',
      details: { rule: 'store_rolled_back' },
    });
    await home.keys.accept(ID);
    await processes.closeAll();
    await write(processes.open(home.place));
    expect(await generationOf(home)).toBe(5);
  });
});

describe('the rotation of a data key', () => {
  /** A store whose copy under the next key is another's work: it tells what it was asked, and may be cut off. */
  function makeRotating() {
    const folder = makeTemporaryFolder();
    const { storeKeys } = makeCustody(keyPathsIn(folder));
    const place = { id: ID, folder: join(folder, 'store'), quotaBytes: QUOTA_BYTES };
    const asked: string[] = [];
    const rotation = { isCutOff: false };
    const processes = createStoreProcesses({
      keys: storeKeys,
      log: silentLog,
      createStoreWorker: (spec, hooks) => {
        const worker = createInProcessStoreWorker(spec, hooks);
        const call = (op: string, params: unknown): Promise<unknown> => {
          if (op !== 'rotateKey') return worker.call(op as 'exec', params as { sql: string });
          asked.push(Buffer.from((params as { key: Uint8Array }).key).toString('hex'));
          if (rotation.isCutOff) return Promise.reject(new Error('cut off'));
          return Promise.resolve({ rotated: true });
        };
        return { ...worker, call: call as Worker<StoreOps>['call'] };
      },
    });
    onTestFinished(() => processes.closeAll());
    const keysOf = async (): Promise<string[]> =>
      (await storeKeys.open(ID, { mustExist: true })).keys.map((key) => key.toString('hex'));
    return { place, processes, asked, rotation, keysOf };
  }

  test('puts the key in force that the store was copied under', async () => {
    const { place, processes, asked, keysOf } = makeRotating();
    await write(processes.open(place));
    const [before] = await keysOf();
    await processes.rotateKey(place);
    expect(await keysOf()).toEqual(asked);
    expect(asked).not.toContain(before);
  });

  test('that was cut off keeps both keys, and is ended with the same one at the next opening', async () => {
    const { place, processes, asked, rotation, keysOf } = makeRotating();
    await write(processes.open(place));
    const [before] = await keysOf();
    rotation.isCutOff = true;
    await expect(processes.rotateKey(place)).rejects.toThrow('cut off');
    expect(await keysOf()).toEqual([before, asked[0]]);
    await processes.closeAll();
    rotation.isCutOff = false;
    await write(processes.open(place));
    await expect.poll(keysOf).toEqual([asked[0]]);
    expect(new Set(asked).size).toBe(1);
  });

  test('is refused where there is no store', async () => {
    const { place, processes } = makeRotating();
    await expect(processes.rotateKey(place)).rejects.toMatchObject({ reason: 'NotFound' });
  });
});

test('the check of a large store after an unclean stop does not run into the limit of its start', () => {
  const { keys, place, file } = makeHome();
  const limits: (() => number)[] = [];
  createStoreProcesses({
    keys,
    log: silentLog,
    createStoreWorker: (spec, hooks) => {
      limits.push(() => spec.startTimeoutMs);
      return createWorker<StoreOps>(spec, { log: silentLog, ...hooks });
    },
  }).open(place);
  const [limitMs] = limits;
  expect(limitMs?.()).toBe(60_000);
  mkdirSync(place.folder);
  writeFileSync(file, '');
  truncateSync(file, 4 * 1024 ** 3);
  // A slow disk reads four megabytes a second.
  expect(limitMs?.()).toBe(60_000 + 1024 * 1024);
});
