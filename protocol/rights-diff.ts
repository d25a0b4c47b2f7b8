import {
  diffAmounts,
  diffLadders,
  diffModels,
  diffPorts,
  diffSets,
  mergeDiffs,
} from './diff-fields.ts';
import { PLAIN_KIND } from './lattice.ts';
import {
  BACKGROUND,
  FILE_ACCESS,
  HOSTS,
  listUserPaths,
  normalizeRights,
  SHARED,
  USER_PATHS,
} from './rights-lattice.ts';
import {
  wordBackground,
  wordBackups,
  wordCapability,
  wordDevice,
  wordHost,
  wordNotification,
  wordPorts,
  wordQuota,
  wordShared,
  wordUserPath,
  wordUserSelected,
} from './rights-words.ts';
import type { RightsDiff } from './rights-change.ts';
import type { Rights } from './rights.ts';

/**
 * What `after` asks for compared with `before`, field by field. Nothing is added or widened exactly when
 * what both allow is all of `after`.
 */
export function diffRights(before: Rights, after: Rights): RightsDiff {
  const [old, now] = [normalizeRights(before), normalizeRights(after)];
  const sides = <K extends keyof Rights>(key: K): { before: Rights[K]; after: Rights[K] } => ({
    before: old[key],
    after: now[key],
  });
  const userPaths = { before: listUserPaths(old), after: listUserPaths(now) };
  return mergeDiffs([
    diffSets(PLAIN_KIND, sides('capabilities'), wordCapability),
    diffModels(sides('models')),
    diffSets(HOSTS, sides('hosts'), wordHost),
    diffPorts(sides('ports'), wordPorts),
    diffLadders(FILE_ACCESS, sides('userSelected'), wordUserSelected),
    diffSets(USER_PATHS, userPaths, wordUserPath),
    diffSets(PLAIN_KIND, sides('devices'), wordDevice),
    diffSets(SHARED, sides('ipc'), wordShared),
    diffLadders(BACKGROUND, sides('background'), wordBackground),
    diffSets(PLAIN_KIND, sides('notifications'), wordNotification),
    diffAmounts(sides('quotaMb'), wordQuota),
    diffLadders([false, true], sides('backups'), wordBackups),
  ]);
}

/** True when the second set of rights asks for more in anything. */
export function isExpansion({ added, widened }: RightsDiff): boolean {
  return added.length + widened.length > 0;
}
