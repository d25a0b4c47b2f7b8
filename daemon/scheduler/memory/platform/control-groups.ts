import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What one group of processes, or a group around it, may take and takes. */
export interface GroupMemory {
  readonly limitBytes: number;
  /** Without what the kernel would drop for the asking. */
  readonly usedBytes: number;
}

interface GroupFiles {
  readonly folder: string;
  readonly limit: string;
  readonly usage: string;
  readonly droppable: string;
}

/**
 * Every limited group around this process, innermost first; none without limits.
 * `root` is that of the file system, to be looked at in tests.
 */
export function readGroupMemory(root = '/'): GroupMemory[] {
  const groups = readText(join(root, 'proc/self/cgroup'));
  if (groups === undefined) return [];
  return groups.split('\n').flatMap((line) => {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === '' && path !== '') return readAncestors(path, (at) => version2(root, at));
    if (controllers.split(',').includes('memory')) {
      return readAncestors(path, (at) => version1(root, at));
    }
    return [];
  });
}

function version2(root: string, path: string): GroupFiles {
  const folder = join(root, 'sys/fs/cgroup', path);
  return { folder, limit: 'memory.max', usage: 'memory.current', droppable: 'inactive_file' };
}

function version1(root: string, path: string): GroupFiles {
  return {
    folder: join(root, 'sys/fs/cgroup/memory', path),
    limit: 'memory.limit_in_bytes',
    usage: 'memory.usage_in_bytes',
    droppable: 'total_inactive_file',
  };
}

function readAncestors(path: string, filesOf: (path: string) => GroupFiles): GroupMemory[] {
  const found: GroupMemory[] = [];
  for (let at = path; ; at = dirname(at)) {
    const group = readGroup(filesOf(at));
    if (group !== undefined) found.push(group);
    if (at === dirname(at)) return found;
  }
}

/** Undefined for a group without a limit, and for the files that a container does not show. */
function readGroup({ folder, limit, usage, droppable }: GroupFiles): GroupMemory | undefined {
  const limitBytes = readNumber(join(folder, limit));
  const bytes = readNumber(join(folder, usage));
  // The first version says "no limit" with a number that no machine has.
  if (limitBytes === undefined || bytes === undefined || limitBytes > 2 ** 60) return undefined;
  const statistics = readText(join(folder, 'memory.stat')) ?? '';
  const line = new RegExp(`^${droppable} (\\d+)$`, 'm').exec(statistics);
  return { limitBytes, usedBytes: Math.max(0, bytes - Number(line?.[1] ?? 0)) };
}

function readNumber(path: string): number | undefined {
  const text = readText(path)?.trim() ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
