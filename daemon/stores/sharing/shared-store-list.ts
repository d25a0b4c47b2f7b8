import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isAppId, parseUnknown } from '@locara/protocol';
import * as z from 'zod';
import { createPrivateFile, isFileError, syncFolder } from '../../files/durable-files.ts';
import type { Paths } from '../../paths.ts';
import { nameSharedStore, type SharedStore } from './shared-stores.ts';

const AppId = z.string().refine(isAppId);
const Noted = z.strictObject({ apps: z.tuple([AppId, AppId]), collection: z.string() });

/** Whose the stores of pairs are, beside them: their names alone do not tell. */
export interface SharedStoreList {
  /** Before the store is made: one that nobody knows of could never be wiped. */
  readonly add: (store: SharedStore) => void;
  /** Of one app, whatever became of it or of its sharing. */
  readonly of: (appId: string) => SharedStore[];
  readonly remove: (store: SharedStore) => void;
}

export function createSharedStoreList(paths: Pick<Paths, 'store'>): SharedStoreList {
  const known = new Set<string>();
  const fileOf = ({ id }: Pick<SharedStore, 'id'>): string => `${paths.store(id)}.json`;
  const folder = dirname(paths.store(nameSharedStore(['a/a', 'b/b'], 'c').id));
  return {
    add: (store) => {
      if (known.has(store.id)) return;
      const { apps, collection } = store;
      createPrivateFile(fileOf(store), Buffer.from(`${JSON.stringify({ apps, collection })}\n`));
      known.add(store.id);
    },
    of: (appId) =>
      listNotes(folder)
        .map((name) => readNote(join(folder, name)))
        .filter((store) => store?.apps.includes(appId) === true)
        .filter((store) => store !== undefined),
    remove: (store) => {
      known.delete(store.id);
      rmSync(fileOf(store), { force: true });
      syncFolder(folder);
    },
  };
}

function listNotes(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return [];
    throw error;
  }
}

/** The store that a note names; a note that says something else than its name does is nobody's. */
function readNote(path: string): SharedStore | undefined {
  try {
    const noted = parseUnknown(Noted, JSON.parse(readFileSync(path, 'utf8')));
    if (!noted.success) return undefined;
    const store = nameSharedStore(noted.data.apps, noted.data.collection);
    return path.endsWith(`${store.id}.json`) ? store : undefined;
  } catch {
    return undefined;
  }
}
