import { RpcError } from '@locara/protocol';
import { startStoreEngine } from './engine-call.ts';
import type { StoreStart } from '../../daemon/workers/store/ops.ts';

/** What a writer tells its parent: a row that is committed, or why no more can be written. */
export type FromWriter =
  { readonly acknowledged: number } | { readonly refused: string; readonly readable: number };

/** A child process that commits one row after the other, until it is killed or cannot write. */
process.once('message', ({ start, first }: { start: StoreStart; first: number }) => {
  const store = startStoreEngine({ ...start, keys: start.keys.map((key) => Uint8Array.from(key)) });
  const count = (): number =>
    Number(store('query', { sql: 'SELECT count(*) AS n FROM t', limit: 1 }).rows[0]?.['n']);
  const write = (row: number): void => {
    try {
      store('batch', {
        statements: [
          { sql: 'INSERT INTO t VALUES (?, randomblob(4000))', params: [row] },
          { sql: 'INSERT INTO twin VALUES (?)', params: [row] },
        ],
      });
      process.send?.({ acknowledged: row } satisfies FromWriter);
      setImmediate(write, row + 1);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      process.send?.({ refused: error.reason, readable: count() } satisfies FromWriter);
      process.disconnect?.();
    }
  };
  store('exec', { sql: 'CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, body BLOB)' });
  store('exec', { sql: 'CREATE TABLE IF NOT EXISTS twin (id INTEGER PRIMARY KEY)' });
  write(first);
});
