import { coversHost } from './host-pattern.ts';
import { type Kind, lowerStep, meetSets, nestedKind, PLAIN_KIND, shorten } from './lattice.ts';
import type { Rights } from './rights.ts';
import { SharedCollection } from './shared-collection.ts';
import { coversUserPath } from './user-path.ts';

export const FILE_ACCESS = ['none', 'read', 'read-write'] as const;
export const BACKGROUND = ['none', 'passive', 'active'] as const;

/** A user path and how it may be used. */
export type UserPathRight = readonly [path: string, access: 'read' | 'read-write'];

export const HOSTS: Kind<string> = nestedKind(coversHost);
export const SHARED: Kind<string> = nestedKind(coversShared);
export const USER_PATHS: Kind<UserPathRight> = {
  covers: (wide, narrow) =>
    coversUserPath(wide[0], narrow[0]) && (wide[1] === 'read-write' || narrow[1] === 'read'),
  meet: ([left, leftAccess], [right, rightAccess]) => {
    const path = nestedKind(coversUserPath).meet(left, right);
    const access = lowerStep(FILE_ACCESS, leftAccess, rightAccess);
    return path === undefined || access === 'none' ? undefined : [path, access];
  },
  key: ([path, access]) => `${path}\n${access}`,
};

/** The same rights in their one spelling: what is included in something else is left out, sets are sorted. */
export function normalizeRights(rights: Rights): Rights {
  const short = (key: PlainSet): string[] => shorten(PLAIN_KIND, rights[key]);
  return {
    capabilities: short('capabilities'),
    models: short('models'),
    ...toNetwork(shorten(HOSTS, rights.hosts), rights.ports),
    userSelected: rights.userSelected,
    userPaths: toUserPaths(shorten(USER_PATHS, listUserPaths(rights))),
    devices: short('devices'),
    ipc: shorten(SHARED, rights.ipc),
    background: rights.background,
    notifications: short('notifications'),
    quotaMb: rights.quotaMb,
    backups: rights.backups,
  };
}

type PlainSet = 'capabilities' | 'models' | 'devices' | 'notifications';

/** What both allow: the greatest rights that neither exceeds, in their one spelling. */
export function meetRights(left: Rights, right: Rights): Rights {
  const both = (key: PlainSet): string[] => meetSets(PLAIN_KIND, left[key], right[key]);
  return {
    capabilities: both('capabilities'),
    models: both('models'),
    ...toNetwork(meetSets(HOSTS, left.hosts, right.hosts), meetPorts(left.ports, right.ports)),
    userSelected: lowerStep(FILE_ACCESS, left.userSelected, right.userSelected),
    userPaths: toUserPaths(meetSets(USER_PATHS, listUserPaths(left), listUserPaths(right))),
    devices: both('devices'),
    ipc: meetSets(SHARED, left.ipc, right.ipc),
    background: lowerStep(BACKGROUND, left.background, right.background),
    notifications: both('notifications'),
    quotaMb: Math.min(left.quotaMb, right.quotaMb),
    backups: left.backups && right.backups,
  };
}

/** Hosts without ports, and ports without hosts, are both nothing. */
function toNetwork(hosts: string[], ports: Rights['ports']): Pick<Rights, 'hosts' | 'ports'> {
  if (hosts.length === 0 || ports.length === 0) return { hosts: [], ports: [] };
  const sorted = ports === 'all' ? ports : [...new Set(ports)].sort((left, right) => left - right);
  return { hosts, ports: sorted };
}

function meetPorts(left: Rights['ports'], right: Rights['ports']): Rights['ports'] {
  if (left === 'all') return right;
  return right === 'all' ? left : left.filter((port) => right.includes(port));
}

export function listUserPaths({ userPaths }: Pick<Rights, 'userPaths'>): UserPathRight[] {
  return Object.entries(userPaths);
}

/** As a record: in the shortest spelling no path is there twice. */
function toUserPaths(paths: readonly UserPathRight[]): Rights['userPaths'] {
  return Object.fromEntries(paths);
}

/** A shared collection, from its canonical JSON; undefined for anything else. */
export function parseShared(entry: string): SharedCollection | undefined {
  try {
    return SharedCollection.safeParse(JSON.parse(entry)).data;
  } catch {
    return undefined;
  }
}

const SHARED_TO_CHANGE = '{"access":"read-write",';
const SHARED_TO_READ = '{"access":"read",';

/** Canonical JSON has one spelling, so entries that differ in access alone differ in their beginning alone. */
function coversShared(wide: string, narrow: string): boolean {
  if (wide === narrow) return true;
  return (
    wide.startsWith(SHARED_TO_CHANGE) &&
    narrow === SHARED_TO_READ + wide.slice(SHARED_TO_CHANGE.length)
  );
}
