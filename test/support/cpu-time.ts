/** A slow look at the same work costs no more than this many of them. */
const MOST_ROUNDS = 20;

/** CPU milliseconds of this process while the work runs: what else the machine does, does not count. */
export function cpuMsOf(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  return since(before);
}

/** The same of work that is awaited. */
export async function cpuMsDuring(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  return since(before);
}

/**
 * The least CPU milliseconds of up to twenty rounds, the last of which is the first below
 * `enoughMs`: what a compiler or a collection of garbage adds to some of them is not meant.
 */
export function bestCpuMs(enoughMs: number, work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < MOST_ROUNDS && best >= enoughMs; round += 1) {
    best = Math.min(best, cpuMsOf(work));
  }
  return best;
}

function since(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
