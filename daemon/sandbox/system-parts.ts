import { lstat, readlink } from 'node:fs/promises';
import type { SystemPart } from './plan-sandbox.ts';

/** Programs and libraries of the system, and what they need to start; nothing that names a service or a secret. */
const PARTS = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/opt',
  '/nix/store',
  '/gnu/store',
  '/etc/alternatives',
  '/etc/fonts',
  '/etc/group',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/locale.alias',
  '/etc/localtime',
  '/etc/mime.types',
  '/etc/nsswitch.conf',
  '/etc/os-release',
  '/etc/passwd',
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
  '/etc/timezone',
];

/** Those of them that this machine has. */
export async function readSystemParts(): Promise<SystemPart[]> {
  const parts = await Promise.all(PARTS.map((path) => readPart(path)));
  return parts.filter((part) => part !== undefined);
}

async function readPart(path: string): Promise<SystemPart | undefined> {
  try {
    const stats = await lstat(path);
    return stats.isSymbolicLink() ? { path, linkTarget: await readlink(path) } : { path };
  } catch {
    return undefined;
  }
}
