import { type AppManifest, declaredCapabilities } from './app-manifest.ts';
import { canonicalJson } from './canonical-json.ts';
import { LIMITS } from './limits.ts';
import { normalizeRights } from './rights-lattice.ts';
import type { Rights } from './rights.ts';

/** What the manifest asks for, in its one spelling. */
export function rightsOf(manifest: AppManifest): Rights {
  const { capabilities, storage } = manifest;
  const { net, fs, device, ipc } = capabilities;
  return normalizeRights({
    capabilities: [...declaredCapabilities(manifest)],
    models: manifest.models,
    hosts: net === false ? [] : net === true ? ['*'] : net.allowed_hosts,
    ports: portsOf(net),
    userSelected: fs['user-selected'] === false ? 'none' : fs['user-selected'],
    userPaths: fs['user-paths'] ?? {},
    devices: Object.keys(device).filter((name) => device[name]),
    ipc: ipc.map((entry) => canonicalJson(entry)),
    background: backgroundOf(capabilities.background),
    notifications: notificationsOf(capabilities.notifications),
    quotaMb: storage.quota_mb ?? LIMITS.defaultStoreQuotaMb,
    backups: storage.backups.enabled,
  });
}

type Declared = AppManifest['capabilities'];

function portsOf(net: Declared['net']): Rights['ports'] {
  if (net === false) return [];
  return net === true || net.allowed_ports === undefined ? 'all' : net.allowed_ports;
}

function backgroundOf(background: Declared['background']): Rights['background'] {
  if (typeof background === 'boolean') return background ? 'active' : 'none';
  return background.mode === false ? 'none' : background.mode;
}

function notificationsOf(notifications: Declared['notifications']): string[] {
  if (typeof notifications !== 'boolean') return notifications.modes;
  return notifications ? ['alert', 'badge', 'sound'] : [];
}
