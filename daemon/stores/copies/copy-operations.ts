import type { Engine } from '../../workers/engine.ts';
import type { CopyOps } from '../../workers/store/ops/copy-ops.ts';
import type { StoreDatabase } from '../database/database.ts';
import type { SafetyCopy } from '../sql/migrations.ts';
import type { Backup, BackupSource, Backups } from './backups.ts';
import { checkStore } from './check-store.ts';
import { inspectDamaged } from './damaged-copy.ts';
import type { ReopenableStore } from './reopenable-store.ts';
import { restoreBackup, type CopyParts } from './restore.ts';
import { rotateKey } from './rotate-key.ts';
import { listSources, salvagePage } from './salvage.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

export function createCopyOperations(parts: CopyParts): Engine<CopyOps> {
  const { store, backups } = parts;
  return {
    createBackup: ({ isOptedIn }) => {
      const backup = backups.create(store.source(), 'asked');
      backups.prune(isOptedIn);
      return backup;
    },
    tendBackups: ({ isOptedIn }) => {
      const backup =
        isOptedIn && isDue(parts) ? backups.create(store.source(), 'daily') : undefined;
      backups.prune(isOptedIn);
      return backup === undefined ? {} : { backup };
    },
    listBackups: () => ({ backups: backups.list() }),
    restoreBackup: (params) => {
      const restored = restoreBackup(parts, params);
      backups.prune(true);
      return restored;
    },
    rotateKey: (params) => rotateKey(parts, params),
    checkStore: () => checkStore(store),
    salvage: ({ cursor }) => salvage(store, cursor),
  };
}

/** The copy that a migration can be taken back by; none of a store that holds nothing. */
export function copyBeforeMigration(
  source: BackupSource,
  backups: Backups,
): SafetyCopy | undefined {
  if (listSources(source.database).length === 0) return undefined;
  const { id } = backups.create(source, 'migration');
  return {
    id,
    drop: () => {
      backups.remove(id);
    },
  };
}

/** Whether no copy of the last 24 hours is there. */
function isDue({ backups, now }: Pick<CopyParts, 'backups' | 'now'>): boolean {
  const isRecent = ({ createdAt, reason }: Backup): boolean =>
    (reason === 'daily' || reason === 'asked') &&
    Math.abs(now().getTime() - Date.parse(createdAt)) < DAY_MS;
  return !backups.list().some(isRecent);
}

/** Each page of a damaged store reads a clone of its own: nothing is left behind where the user stops. */
function salvage(
  store: ReopenableStore<unknown>,
  cursor: string | undefined,
): CopyOps['salvage']['result'] {
  const read = (database: StoreDatabase) => salvagePage(database, cursor);
  if (store.problem === undefined) return read(store.source().database);
  // Of nothing, nothing can be saved.
  if (store.problem.details?.['rule'] === 'store_missing') throw store.problem;
  return inspectDamaged(store, read);
}
