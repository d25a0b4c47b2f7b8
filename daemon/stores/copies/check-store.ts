import { RpcError } from '@locara/protocol/errors';
import type { StoreCheck } from '../../workers/store/ops/copy-ops.ts';
import type { StoreDatabase } from '../database/database.ts';
import { listDamage } from '../database/integrity.ts';
import { inspectDamaged, listProblems } from './damaged-copy.ts';
import type { ReopenableStore } from './reopenable-store.ts';
import { countReadable, listSources } from './salvage.ts';

/** Checks a store from end to end, and counts what of it can be read; also one that is not served. */
export function checkStore(store: ReopenableStore<unknown>): StoreCheck {
  if (store.problem === undefined) {
    const found = examine(store.source().database);
    if (found.state === 'damaged') store.condemn();
    return found;
  }
  const state = toState(store.problem);
  const because = store.problem.message;
  if (state === 'missing') return { state, problems: [because], tables: [], collections: [] };
  try {
    const found = inspectDamaged(store, examine);
    return { ...found, state, problems: [because, ...found.problems] };
  } catch (error) {
    if (!(error instanceof RpcError) || error.reason !== 'Unavailable') throw error;
    // Without its first page, or under another key, nothing of the file can be opened.
    return { state, problems: [because], tables: [], collections: [] };
  }
}

function examine(database: StoreDatabase): StoreCheck {
  const problems = listProblems(database);
  const tables: StoreCheck['tables'][number][] = [];
  const collections: StoreCheck['collections'][number][] = [];
  for (const source of listSources(database)) {
    const { rows, isWhole } = countReadable(database, source);
    const { table, collection } = source;
    if (collection === undefined) tables.push({ name: table, rows, isWhole });
    else collections.push({ name: collection, records: rows, isWhole });
  }
  // A search table or a reference that does not hold is the app's to mend: the file itself is whole.
  const isWhole = [...tables, ...collections].every((part) => part.isWhole);
  const state = isWhole && listDamage(database).length === 0 ? 'whole' : 'damaged';
  return { state, problems, tables, collections };
}

function toState({ details }: RpcError): StoreCheck['state'] {
  switch (details?.['rule']) {
    case 'store_damaged':
      return 'damaged';
    case 'store_missing':
      return 'missing';
    case 'store_rolled_back':
      return 'rolled_back';
    default:
      return 'unavailable';
  }
}
