import { sealDarwin } from './darwin.ts';
import { sealLinux } from './linux.ts';
import { probeFiles } from './probe-files.ts';
import {
  readSealSettings,
  SEAL_READABLE,
  SEAL_STAGE,
  SEAL_WRITABLE,
  type SealHost,
  type SealReport,
} from './settings.ts';

/**
 * Gives up the network, other programs and other processes, for good. Call it before anything that
 * handles content is imported. On Linux its first call replaces the process by a fresh one, which
 * calls it again. Says what else holds. Throws when the process cannot be sealed: it must then do nothing but say so.
 */
export function sealProcess(host: SealHost): SealReport {
  const settings = readSealSettings(host.env);
  if (host.platform === 'linux') sealLinux(host, settings);
  else if (host.platform === 'darwin') sealDarwin(host);
  else throw new Error(`no seal for the platform ${host.platform}`);
  for (const name of [SEAL_STAGE, SEAL_WRITABLE, SEAL_READABLE]) {
    Reflect.deleteProperty(host.env, name);
  }
  return { areFilesConfined: probeFiles(settings) };
}
