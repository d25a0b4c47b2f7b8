import { randomBytes } from 'node:crypto';
import { createTaskQueue } from '../../task-queue.ts';
import { unavailable } from './key-errors.ts';
import { type DataKey, type KeyRecord, sealDataKey, unsealDataKey } from './key-record.ts';
import { type KeyRecords, keyUnreadable } from './key-records.ts';
import type { MasterKeys } from './master-keys.ts';
import { KEY_BYTES } from './sealed-key.ts';

/** What a store's process starts with. */
export interface OpenedKeys {
  /** The one in force, then the next while a rotation has not ended; 32 bytes each. */
  readonly keys: readonly Buffer[];
  /** The last generation of the file that was seen; 0 before the first. */
  readonly generation: number;
  /** The user takes the file that is there, older or not. */
  readonly acceptsOlder: boolean;
}

/** A random data key per store, on disk only wrapped by the master key, with the last generation of its file. */
export interface StoreKeys {
  /**
   * Made at the first call unless `mustExist`. Throws Unavailable when a key is lost, locked, or does not
   * unwrap: a new one would not open the data, so none is made.
   */
  open(storeId: string, options: { readonly mustExist: boolean }): Promise<OpenedKeys>;
  has(storeId: string): Promise<boolean>;
  /** The file is at this generation now. Never goes back; nothing where the key is gone. */
  recordGeneration(storeId: string, generation: number): Promise<void>;
  /** The file that is there is taken at the next opening, older or not: on the user's word. */
  accept(storeId: string): Promise<void>;
  /** The key that a rotation goes to, recorded beside the one in force; the same until it is promoted. */
  prepareNext(storeId: string): Promise<Buffer>;
  /** The next key is in force; the one before is destroyed. */
  promoteNext(storeId: string): Promise<void>;
  /** Forgets the keys for good: the database cannot be read any more. */
  destroy(storeId: string): Promise<void>;
}

/** The same over the files of a home; one after the other, so that no key comes back that was destroyed. */
export class WrappedStoreKeys implements StoreKeys {
  readonly #master: Pick<MasterKeys, 'current' | 'former'>;
  readonly #records: KeyRecords;
  /** Runs while no key is read or written. */
  readonly inTurn = createTaskQueue();

  constructor(deps: {
    readonly master: Pick<MasterKeys, 'current' | 'former'>;
    readonly records: KeyRecords;
  }) {
    this.#master = deps.master;
    this.#records = deps.records;
  }

  open(storeId: string, { mustExist }: { readonly mustExist: boolean }): Promise<OpenedKeys> {
    return this.inTurn(async () => {
      const record = await this.#records.read(storeId);
      if (record === undefined) {
        if (mustExist) throw keyMissing();
        return { keys: [await this.#create(storeId)], generation: 0, acceptsOlder: false };
      }
      const { generation, acceptsOlder = false } = record;
      const opened = await this.#unwrap(storeId, record.keys);
      return { keys: opened.map(({ key }) => key), generation, acceptsOlder };
    });
  }

  has(storeId: string): Promise<boolean> {
    return this.inTurn(async () => (await this.#records.read(storeId)) !== undefined);
  }

  recordGeneration(storeId: string, generation: number): Promise<void> {
    return this.#change(storeId, ({ version, keys, generation: last, acceptsOlder }) => ({
      version,
      keys,
      generation: Math.max(last, generation),
      // Past the last one, the opening that it was meant for has been.
      ...(acceptsOlder === true && generation <= last ? { acceptsOlder } : {}),
    }));
  }

  accept(storeId: string): Promise<void> {
    return this.#change(storeId, (record) => ({ ...record, acceptsOlder: true }));
  }

  prepareNext(storeId: string): Promise<Buffer> {
    return this.inTurn(async () => {
      const record = await this.#records.read(storeId);
      const [current, next] = record?.keys ?? [];
      if (record === undefined || current === undefined) throw keyMissing();
      if (next !== undefined) return first(await this.#unwrap(storeId, [next])).key;
      const key = randomBytes(KEY_BYTES);
      const place = { storeId, version: current.version + 1 };
      const sealed = sealDataKey(key, await this.#master.current(), place);
      await this.#records.replace(storeId, { ...record, keys: [current, sealed] });
      return key;
    });
  }

  promoteNext(storeId: string): Promise<void> {
    return this.#change(storeId, (record) => {
      const [, next] = record.keys;
      return next === undefined ? record : { ...record, keys: [next] };
    });
  }

  destroy(storeId: string): Promise<void> {
    return this.inTurn(() => {
      this.#records.destroy(storeId);
      return Promise.resolve();
    });
  }

  /** Wraps the keys of a store by the master key in force. Throws Unavailable (`key_unreadable`) when none fits. */
  rewrap(storeId: string): Promise<void> {
    return this.inTurn(async () => {
      const record = await this.#records.read(storeId);
      if (record === undefined) return;
      const opened = await this.#unwrap(storeId, record.keys);
      if (opened.every(({ masterIndex }) => masterIndex === 0)) return;
      const master = await this.#master.current();
      const keys = opened.map(({ key, version }) => sealDataKey(key, master, { storeId, version }));
      for (const { key } of opened) key.fill(0);
      await this.#records.replace(storeId, { ...record, keys });
    });
  }

  async #create(storeId: string): Promise<Buffer> {
    const key = randomBytes(KEY_BYTES);
    const sealed = sealDataKey(key, await this.#master.current(), { storeId, version: 1 });
    this.#records.create(storeId, { version: 2, keys: [sealed], generation: 0 });
    return key;
  }

  /** By the master key in force, else by the one before. */
  async #unwrap(storeId: string, keys: KeyRecord['keys']): Promise<DataKey[]> {
    const masters = [await this.#master.current()];
    const opened = unsealAll(storeId, keys, masters);
    if (opened !== undefined) return opened;
    const former = await this.#master.former();
    const again = former && unsealAll(storeId, keys, [...masters, former]);
    if (again === undefined) throw keyUnreadable();
    return again;
  }

  #change(storeId: string, to: (record: KeyRecord) => KeyRecord): Promise<void> {
    return this.inTurn(async () => {
      const record = await this.#records.read(storeId);
      const changed = record === undefined ? undefined : to(record);
      if (changed !== undefined && changed !== record) {
        await this.#records.replace(storeId, changed);
      }
    });
  }
}

function unsealAll(
  storeId: string,
  keys: KeyRecord['keys'],
  masters: readonly Uint8Array[],
): DataKey[] | undefined {
  const opened = keys.map((sealed) => unsealDataKey(storeId, sealed, masters));
  return opened.every((key) => key !== undefined) ? opened : undefined;
}

function first<T>([item]: readonly T[]): T {
  if (item === undefined) throw new Error('a list is not empty');
  return item;
}

function keyMissing(): Error {
  return unavailable(
    'key_missing',
    'The key of this store is missing: put data/keys/stores back from a backup.',
  );
}
