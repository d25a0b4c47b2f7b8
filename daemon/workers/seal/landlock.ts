import { closeSync, openSync, realpathSync } from 'node:fs';
import type { LinuxCalls } from './linux-calls.ts';

const VERSION_FLAG = 1;
/** O_PATH: names a folder without opening it. */
const O_PATH = 0o10000000;

const WRITE_FILE = 1 << 1;
const REFER = 1 << 13;
const TRUNCATE = 1 << 14;
/** WRITE_FILE, and every right to remove or make an entry. */
const CHANGE_TREE = WRITE_FILE | 0x1ff0;
const TCP_BIND_AND_CONNECT = 0b11;
const ABSTRACT_SOCKETS_AND_SIGNALS = 0b11;

/**
 * Takes away the right to change any file outside `writableFolders`, to look into other processes and
 * to signal them. A second wall behind seccomp: where the kernel has no Landlock it does nothing.
 * Returns whether it holds. It binds the calling thread and what that thread starts, so exec afterwards.
 */
export function restrictFileWrites(calls: LinuxCalls, writableFolders: readonly string[]): boolean {
  const abi = calls.landlockCreate(null, 0, VERSION_FLAG);
  if (abi < 1) return false;
  const files = CHANGE_TREE | (abi >= 2 ? REFER : 0) | (abi >= 3 ? TRUNCATE : 0);
  const attributes = rulesetAttributes({
    files,
    network: abi >= 4 ? TCP_BIND_AND_CONNECT : 0,
    scope: abi >= 6 ? ABSTRACT_SOCKETS_AND_SIGNALS : 0,
  });
  const bytes = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  const ruleset = calls.landlockCreate(attributes, bytes, 0);
  if (ruleset < 0) throw new Error(`landlock_create_ruleset refused with errno ${-ruleset}`);
  // Devices may be opened (/dev/null, a GPU), not made.
  allowBeneath(calls, ruleset, { folder: '/dev', rights: files & (WRITE_FILE | TRUNCATE) });
  for (const folder of writableFolders) {
    allowBeneath(calls, ruleset, { folder: realpathSync(folder), rights: files });
  }
  calls.landlockRestrict(ruleset);
  closeSync(ruleset);
  return true;
}

function allowBeneath(
  calls: LinuxCalls,
  ruleset: number,
  rule: { readonly folder: string; readonly rights: number },
): void {
  const fd = openSync(rule.folder, O_PATH);
  try {
    const bytes = new Uint8Array(12);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, BigInt(rule.rights), true);
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
