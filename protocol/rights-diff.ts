import * as z from 'zod';
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
import type { Rights } from './rights.ts';

/** One right that an update asks for, gives up, or wants more or less of. */
export const RightsChange = z
  .object({
    path: z.string().describe('The manifest path, as `capabilities.net.allowed_hosts`.'),
    sentence: z.string().describe('In plain words.'),
    capability: z.string().optional().describe('When it is a capability that can be granted.'),
    from: z.string().optional(),
    to: z.string().optional(),
  })
  .meta({ id: 'RightsChange' });
export type RightsChange = z.output<typeof RightsChange>;

/** How rights differ; `added` and `widened` need the consent of the user, the others do not. */
export const RightsDiff = z
  .object({
    added: z.array(RightsChange),
    widened: z.array(RightsChange),
    narrowed: z.array(RightsChange),
    removed: z.array(RightsChange),
  })
  .meta({ id: 'RightsDiff' });
export type RightsDiff = z.output<typeof RightsDiff>;

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
