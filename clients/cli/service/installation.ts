import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CliError } from '../context.ts';
import type { ServicePlatform } from './service-folders.ts';

/** Where this copy of Locara lies: what a service definition starts, and from which templates. */
export interface Installation {
  readonly root: string;
  readonly daemonMain: string;
}

/** Looks upwards from a folder of the command line's own code. */
export function findInstallation(from: string): Installation {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'daemon', 'package.json')) && existsSync(join(folder, 'launchd'))) {
      return { root: folder, daemonMain: join(folder, 'daemon', 'dist', 'main.js') };
    }
    if (folder === dirname(folder)) {
      throw new CliError('InstallationIncomplete', 'The daemon is missing from this installation.');
    }
  }
}

export function assertBuilt(installation: Installation): void {
  if (existsSync(installation.daemonMain)) return;
  throw new CliError(
    'InstallationIncomplete',
    'The daemon is not built yet: run `npm run build` in its folder first.',
  );
}

const TEMPLATES: Record<ServicePlatform, string> = {
  darwin: 'agent.plist.template',
  linux: 'locarad.service.template',
};

export function readServiceTemplate(installation: Installation, platform: ServicePlatform): string {
  return readFileSync(join(installation.root, 'launchd', TEMPLATES[platform]), 'utf8');
}
