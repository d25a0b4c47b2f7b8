import type { AppManifest } from './app-manifest.ts';
import type { Rights } from './rights.ts';

/** What both allow: the greatest rights that neither exceeds. */
export function meetRights(left: Rights, right: Rights): Rights {
  const userPaths: Rights['userPaths'] = {};
  for (const [path, access] of Object.entries(left.userPaths)) {
    const other = right.userPaths[path];
    if (other !== undefined) userPaths[path] = access === 'read' ? 'read' : other;
  }
  return {
    capabilities: both(left.capabilities, right.capabilities),
    models: both(left.models, right.models),
    hosts: meetHosts(left.hosts, right.hosts),
    ports: meetPorts(left.ports, right.ports),
    userSelected: lower(ACCESS, left.userSelected, right.userSelected),
    userPaths,
    devices: both(left.devices, right.devices),
    ipc: both(left.ipc, right.ipc),
    background: lower(BACKGROUND, left.background, right.background),
    notifications: both(left.notifications, right.notifications),
    quotaMb: Math.min(left.quotaMb, right.quotaMb),
    backups: left.backups && right.backups,
  };
}

/** The manifest as far as `approved` goes: what it declares beyond that is as if it were not there. */
export function narrowManifest(manifest: AppManifest, approved: Rights): AppManifest {
  return {
    ...manifest,
    models: manifest.models.filter((pin) => approved.models.includes(pin)),
    storage: {
      ...manifest.storage,
      quota_mb:
        manifest.storage.quota_mb === undefined
          ? approved.quotaMb
          : Math.min(manifest.storage.quota_mb, approved.quotaMb),
    },
  };
}

const ACCESS = ['none', 'read', 'read-write'] as const;
const BACKGROUND = ['none', 'passive', 'active'] as const;

function lower<T>(ladder: readonly T[], left: T, right: T): T {
  return ladder.indexOf(left) < ladder.indexOf(right) ? left : right;
}

function both(left: readonly string[], right: readonly string[]): string[] {
  return left.filter((value) => right.includes(value));
}

function meetHosts(left: readonly string[], right: readonly string[]): string[] {
  const narrower = (one: string, other: string): string[] =>
    coversHost(one, other) ? [other] : coversHost(other, one) ? [one] : [];
  return [...new Set(left.flatMap((one) => right.flatMap((other) => narrower(one, other))))].sort();
}

/** `*` is every host, `*.example.org` every host below that name, and not that name itself. */
export function coversHost(pattern: string, host: string): boolean {
  if (pattern === '*' || pattern === host) return true;
  return pattern.startsWith('*.') && host !== '*' && host.endsWith(pattern.slice(1));
}

function meetPorts(left: Rights['ports'], right: Rights['ports']): Rights['ports'] {
  if (left === 'all') return right;
  return right === 'all' ? left : left.filter((port) => right.includes(port));
}
