import { readFileSync } from 'node:fs';

/** Folders of libraries and time zones, and the files beside them that programs read while they start. */
const LINUX_SYSTEM_PATHS = [
  '/usr',
  '/lib',
  '/lib32',
  '/lib64',
  '/etc/ld.so.cache',
  '/etc/localtime',
  '/etc/ssl/openssl.cnf',
  '/etc/pki/tls/openssl.cnf',
  '/proc/self',
] as const;

/** Devices without content, for reading and writing. */
export const PLAIN_DEVICES = ['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom'] as const;

/** What a Linux runtime reads beside its program: the system's, and every file it has mapped by now. */
export function findSystemPaths(): readonly string[] {
  return [...LINUX_SYSTEM_PATHS, ...listMappedFiles(readFileSync('/proc/self/maps', 'utf8'))];
}

/** The files in the text of `/proc/self/maps`. */
export function listMappedFiles(maps: string): string[] {
  const paths = maps
    .split('\n')
    .map((line) => /^\S+ \S+ \S+ \S+ (?!0 )\d+ +(\/.+)$/.exec(line)?.[1]);
  return [...new Set(paths)].filter(
    (path) => path !== undefined && !path.endsWith(' (deleted)'),
  ) as string[];
}
