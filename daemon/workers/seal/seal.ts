import { sealDarwin } from './darwin.ts';
import { sealLinux } from './linux.ts';
import { readSealSettings, SEAL_STAGE, SEAL_WRITABLE, type SealHost } from './settings.ts';

/**
 * Gives up the network, other programs and other processes, for good. Call it before anything that
 * handles content is imported. On Linux its first call replaces the process by a fresh one, which
 * calls it again. Throws when the process cannot be sealed: it must then do nothing but say so.
 */
export function sealProcess(host: SealHost): void {
  const settings = readSealSettings(host.env);
  if (host.platform === 'linux') sealLinux(host, settings);
  else if (host.platform === 'darwin') sealDarwin(host);
  else throw new Error(`no seal for the platform ${host.platform}`);
  Reflect.deleteProperty(host.env, SEAL_STAGE);
  Reflect.deleteProperty(host.env, SEAL_WRITABLE);
}
