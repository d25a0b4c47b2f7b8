import { spawnSync } from 'node:child_process';

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Every process below `root`, nearest first. */
export function descendantsOf(root: number): readonly ProcessRow[] {
  const rows = listProcesses();
  const found: ProcessRow[] = [];
  const parents = new Set([root]);
  for (let size = 0; size !== parents.size;) {
    size = parents.size;
    for (const row of rows) {
      if (!parents.has(row.parent) || parents.has(row.pid)) continue;
      parents.add(row.pid);
      found.push(row);
    }
  }
  return found;
}

export function isRunning(pid: number): boolean {
  return listProcesses().some((row) => row.pid === pid);
}

/** Without those that have ended and only wait to be noticed. */
function listProcesses(): readonly ProcessRow[] {
  const { stdout } = spawnSync('ps', ['-A', '-ww', '-o', 'pid=,ppid=,stat=,args='], {
    encoding: 'utf8',
  });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, state = '', command = ''] =
      /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || state.startsWith('Z')) return [];
    return [{ pid: Number(pid), parent: Number(parent), command }];
  });
}
