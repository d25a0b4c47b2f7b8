import type { AppManifest } from './app-manifest.ts';
import { meetRights, parseShared } from './rights-lattice.ts';
import { rightsOf } from './rights-of.ts';
import type { Rights } from './rights.ts';

/**
 * The manifest as far as `approved` goes: whatever it declares beyond that is as if it were not there. It
 * asks for the meet of both; capabilities alone are left as declared, since grants decide them.
 */
export function narrowManifest(manifest: AppManifest, approved: Rights): AppManifest {
  const rights = meetRights(rightsOf(manifest), approved);
  const { capabilities, storage } = manifest;
  return {
    ...manifest,
    models: manifest.models.filter((pin) => rights.models.includes(pin)),
    capabilities: {
      ...capabilities,
      net: netOf(rights),
      fs: {
        'user-selected': rights.userSelected === 'none' ? false : rights.userSelected,
        'app-data': capabilities.fs['app-data'],
        'user-paths': rights.userPaths,
      },
      device: Object.fromEntries(rights.devices.map((name) => [name, true])),
      ipc: rights.ipc.map(parseShared).filter((entry) => entry !== undefined),
      background: narrowBackground(capabilities.background, rights.background),
      notifications: rights.notifications.length > 0 && {
        modes: modesOf(rights.notifications),
      },
    },
    storage: {
      ...storage,
      quota_mb: rights.quotaMb,
      backups: { enabled: rights.backups },
    },
  };
}

type Declared = AppManifest['capabilities'];

function netOf({ hosts, ports }: Rights): Declared['net'] {
  if (hosts.length === 0) return false;
  if (ports !== 'all') return { allowed_hosts: hosts, allowed_ports: ports };
  return hosts.includes('*') || { allowed_hosts: hosts };
}

/** The reasons stay: they are words, not rights. */
function narrowBackground(
  background: Declared['background'],
  step: Rights['background'],
): Declared['background'] {
  if (step === 'none') return false;
  return typeof background === 'boolean' ? { mode: step } : { ...background, mode: step };
}

const MODES = ['alert', 'badge', 'sound'] as const;

function modesOf(names: readonly string[]): (typeof MODES)[number][] {
  return MODES.filter((mode) => names.includes(mode));
}
