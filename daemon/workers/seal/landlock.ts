import { closeSync, fstatSync, openSync, realpathSync } from 'node:fs';
import type { LinuxCalls } from './linux-calls.ts';
import type { SealedFiles } from './settings.ts';
import { findSystemPaths, PLAIN_DEVICES } from './system-paths.ts';

const VERSION_FLAG = 1;
/** O_PATH: names a folder without opening it. */
const O_PATH = 0o10000000;

const EXECUTE = 1 << 0;
const WRITE_FILE = 1 << 1;
const READ_FILE = 1 << 2;
const READ_DIR = 1 << 3;
const REFER = 1 << 13;
const TRUNCATE = 1 << 14;
/** WRITE_FILE, and every right to remove or make an entry. */
const CHANGE_TREE = WRITE_FILE | 0x1ff0;
const READ_TREE = EXECUTE | READ_FILE | READ_DIR;
/** The rights that a rule about a single file may name. */
const FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE;
const TCP_BIND_AND_CONNECT = 0b11;
const ABSTRACT_SOCKETS_AND_SIGNALS = 0b11;

/**
 * Takes away the right to change any file outside `writableFolders`, and with `readablePaths` the right to read
 * or run one outside both; to look into other processes and to signal them. A second wall behind seccomp:
 * where the kernel has no Landlock it does nothing. Returns whether it holds. It binds the calling thread and
 * what that thread starts, so exec afterwards.
 */
export function restrictFiles(calls: LinuxCalls, files: SealedFiles): boolean {
  const abi = calls.landlockCreate(null, 0, VERSION_FLAG);
  if (abi < 1) return false;
  const changes = CHANGE_TREE | (abi >= 2 ? REFER : 0) | (abi >= 3 ? TRUNCATE : 0);
  const reads = files.readablePaths === undefined ? 0 : READ_TREE;
  const attributes = rulesetAttributes({
    files: changes | reads,
    network: abi >= 4 ? TCP_BIND_AND_CONNECT : 0,
    scope: abi >= 6 ? ABSTRACT_SOCKETS_AND_SIGNALS : 0,
  });
  const bytes = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  const ruleset = calls.landlockCreate(attributes, bytes, 0);
  if (ruleset < 0) throw new Error(`landlock_create_ruleset refused with errno ${-ruleset}`);
  const allow = (path: string, rights: number): void => {
    allowBeneath(calls, ruleset, { path, rights });
  };
  const deviceRights = changes & (WRITE_FILE | TRUNCATE);
  // Devices may be opened (/dev/null, a GPU), not made.
  if (files.readablePaths === undefined) allow('/dev', deviceRights);
  else allowReads(files.readablePaths, { allow, deviceRights });
  for (const folder of files.writableFolders) {
    allow(realpathSync(folder), changes | (reads & ~EXECUTE));
  }
  calls.landlockRestrict(ruleset);
  closeSync(ruleset);
  return true;
}

function allowReads(
  readablePaths: readonly string[],
  by: { readonly allow: (path: string, rights: number) => void; readonly deviceRights: number },
): void {
  for (const path of readablePaths) by.allow(path, READ_TREE);
  const optional = [
    ...findSystemPaths().map((path) => ({ path, rights: READ_TREE })),
    ...PLAIN_DEVICES.map((path) => ({ path, rights: READ_FILE | by.deviceRights })),
  ];
  for (const { path, rights } of optional) {
    try {
      by.allow(path, rights);
    } catch (error) {
      // Not every system has each of them, and what is not there needs no rule.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

function allowBeneath(
  calls: LinuxCalls,
  ruleset: number,
  rule: { readonly path: string; readonly rights: number },
): void {
  const fd = openSync(rule.path, O_PATH);
  try {
    const rights = fstatSync(fd).isDirectory() ? rule.rights : rule.rights & FILE_RIGHTS;
    const bytes = new Uint8Array(12);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, BigInt(rights), true);
    view.setInt32(8, fd, true);
    calls.landlockAllowPath(ruleset, bytes);
  } finally {
    closeSync(fd);
  }
}

/** `struct landlock_ruleset_attr`, of which older kernels read a prefix. */
function rulesetAttributes(rights: {
  readonly files: number;
  readonly network: number;
  readonly scope: number;
}): Uint8Array {
  const view = new DataView(new ArrayBuffer(24));
  view.setBigUint64(0, BigInt(rights.files), true);
  view.setBigUint64(8, BigInt(rights.network), true);
  view.setBigUint64(16, BigInt(rights.scope), true);
  return new Uint8Array(view.buffer);
}
