import * as z from 'zod';
import { type AppManifest, declaredCapabilities } from './app-manifest.ts';
import { canonicalJson } from './canonical-json.ts';
import { LIMITS } from './limits.ts';
import { normalizeRights } from './rights-lattice.ts';

const FileAccess = z.enum(['none', 'read', 'read-write']);

/**
 * Everything a manifest asks for, in one shape that can be compared and narrowed: each field is a set or
 * a step of a ladder, so that for two of them it can be told which asks for more.
 */
export const Rights = z
  .strictObject({
    capabilities: z.array(z.string()),
    models: z.array(z.string()).describe('Pins: `<id>@sha256:<hex>`.'),
    hosts: z.array(z.string()).describe('Host patterns; `*` is every host.'),
    ports: z.union([z.literal('all'), z.array(z.int())]),
    userSelected: FileAccess,
    userPaths: z.record(z.string(), z.enum(['read', 'read-write'])),
    devices: z.array(z.string()),
    ipc: z.array(z.string()).describe('Each entry as canonical JSON.'),
    background: z.enum(['none', 'passive', 'active']),
    notifications: z.array(z.string()),
    quotaMb: z.int(),
    backups: z.boolean(),
  })
  .meta({ id: 'Rights' });
export type Rights = z.output<typeof Rights>;

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
