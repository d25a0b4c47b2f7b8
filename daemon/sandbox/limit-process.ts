import { writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import koffi from 'koffi';

const RLIMIT_DATA = 2;
const RLIMIT_CORE = 4;
const RLIMIT_NPROC = 6;

/** Processes and threads together; counted for each sandbox alone since Linux 5.14. */
const MAX_TASKS = 2048;
const MIN_MEMORY_BYTES = 2 * 1024 ** 3;
/** The highest there is: when memory runs out, this ends and not the user's work. */
const FIRST_TO_END = '1000';

/** Of a process, which resource, new limits, those before: each a soft and a hard one. */
type Prlimit = (...args: readonly (number | BigUint64Array | null)[]) => number;

/**
 * Bounds what a process, and each that it starts, may take: tasks in all, half of the machine's memory each, no
 * core file. The kernel counts no tasks of root. Throws when a bound cannot be set.
 */
export function limitProcess(pid: number): void {
  const prlimit = koffi
    .load(null)
    .func('int prlimit(int, int, const uint64_t *, _Out_ uint64_t *)') as Prlimit;
  const memoryBytes = Math.max(Math.floor(totalmem() / 2), MIN_MEMORY_BYTES);
  for (const [resource, most] of [
    [RLIMIT_NPROC, MAX_TASKS],
    [RLIMIT_DATA, memoryBytes],
    [RLIMIT_CORE, 0],
  ] as const) {
    const before = new BigUint64Array(2);
    const isRead = prlimit(pid, resource, null, before) === 0;
    const hardest = before[1] ?? 0n;
    // Whoever started the daemon may have set a lower one: that holds.
    const limit = hardest < BigInt(most) ? hardest : BigInt(most);
    if (isRead && prlimit(pid, resource, BigUint64Array.of(limit, limit), null) === 0) continue;
    throw new Error(`prlimit refused with errno ${koffi.errno()}`);
  }
  writeFileSync(`/proc/${pid}/oom_score_adj`, FIRST_TO_END);
}
