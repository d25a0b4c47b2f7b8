import { type Capability, describeCapability, isCapability } from './capabilities.ts';
import { parseShared, type UserPathRight } from './rights-lattice.ts';

/** One right, for people. */
export interface RightWords {
  /** Where a manifest declares it. */
  readonly path: string;
  /** Continues “It wants to …” and “It no longer asks to …”. */
  readonly verb: string;
  /** As short as it goes, for `from` and `to`. */
  readonly name: string;
  readonly capability?: Capability;
}

export function wordHost(host: string): RightWords {
  if (host === '*') {
    return {
      path: 'capabilities.net',
      verb: 'reach every host on the network',
      name: 'every host',
    };
  }
  const whom = host.startsWith('*.') ? `every host below ${host.slice(2)}` : host;
  return { path: 'capabilities.net.allowed_hosts', verb: `reach ${whom}`, name: host };
}

export function wordUserPath([path, access]: UserPathRight): RightWords {
  return {
    path: 'capabilities.fs.user-paths',
    verb: `${access === 'read' ? 'read' : 'read and change'} the files in “${path}”`,
    name: `${path} (${access})`,
  };
}

export function wordModel(pin: string): RightWords {
  return { path: 'models', verb: `use the model ${pin}`, name: pin };
}

export function wordDevice(name: string): RightWords {
  return { path: `capabilities.device.${name}`, verb: `use the device “${name}”`, name };
}

const NOTIFICATION_VERBS = new Map([
  ['alert', 'show notifications'],
  ['badge', 'show a badge on its icon'],
  ['sound', 'play sounds with notifications'],
]);

export function wordNotification(mode: string): RightWords {
  const verb = NOTIFICATION_VERBS.get(mode) ?? `notify you by ${mode}`;
  return { path: 'capabilities.notifications', verb, name: mode };
}

export function wordShared(entry: string): RightWords {
  const path = 'capabilities.ipc';
  const shared = parseShared(entry);
  if (shared === undefined) return { path, verb: `share ${entry} with other apps`, name: entry };
  const { app, collection, access } = shared;
  const verb = access === 'read' ? 'read' : 'read and change';
  return {
    path,
    verb: `${verb} the collection “${collection}” that it shares with the app ${app}`,
    name: `${collection} with ${app} (${access})`,
  };
}

export function wordCapability(capability: string): RightWords {
  if (!isCapability(capability)) {
    return { path: 'capabilities', verb: `use ${capability}`, name: capability };
  }
  const { sentence, declaredBy } = describeCapability(capability);
  return {
    path: declaredBy.replace(/:.*$/, ''),
    verb: `${sentence.charAt(0).toLowerCase()}${sentence.slice(1).replace(/\.$/, '')}`,
    name: capability,
    capability,
  };
}

const FILE_VERBS = new Map([
  ['read', 'read the files you pick'],
  ['read-write', 'read and change the files you pick'],
]);

export function wordUserSelected(access: string): RightWords {
  const verb = FILE_VERBS.get(access) ?? 'use no file you pick';
  return { path: 'capabilities.fs.user-selected', verb, name: access };
}

const BACKGROUND_VERBS = new Map([
  ['passive', 'stay in the background, waiting'],
  ['active', 'work in the background'],
]);

export function wordBackground(mode: string): RightWords {
  const verb = BACKGROUND_VERBS.get(mode) ?? 'do nothing in the background';
  return { path: 'capabilities.background', verb, name: mode };
}

export function wordPorts(ports: 'all' | readonly number[]): RightWords {
  const name = ports === 'all' ? 'all' : ports.join(', ');
  const which = ports === 'all' ? 'every network port' : `the network ports ${name}`;
  return { path: 'capabilities.net.allowed_ports', verb: `use ${which}`, name };
}

export function wordQuota(quotaMb: number): RightWords {
  const name = `${quotaMb} MiB`;
  return { path: 'storage.quota_mb', verb: `keep up to ${name} of its own data`, name };
}

export function wordBackups(): RightWords {
  return { path: 'storage.backups.enabled', verb: 'back up its own data', name: 'backups' };
}
