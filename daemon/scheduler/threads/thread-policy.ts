import type { Cores } from './cores.ts';

export interface ThreadPolicy {
  readonly cores: Pick<Cores, 'count' | 'logical'>;
  readonly platform: NodeJS.Platform;
  /** The user's own choice; it is only kept within the machine. */
  readonly setting?: number | undefined;
}

/** What the engines may use. */
export interface ThreadBudget {
  /** Of all engines that compute at the same time. */
  readonly total: number;
  /** Of one engine. */
  readonly each: number;
  /** A sentence for people. */
  readonly why: string;
}

/** More threads than this gain nothing: generation waits for memory long before. */
const MAX_THREADS = 8;
/** A Mac computes on its GPU, so the processor's threads only sample and copy. */
const MAX_MAC_THREADS = 4;

/**
 * All cores but one, at least 1 thread; at most 8 for one engine.
 * The engine's threads meet at a spin barrier after every layer. When another program holds one of
 * their cores the others spin until it comes back: measured, 2 threads on 2 shared cores made 56
 * tokens a second where 1 thread made 1463. One core therefore stays free for everyone else.
 */
export function chooseThreads({ cores, platform, setting }: ThreadPolicy): ThreadBudget {
  if (setting !== undefined) {
    const total = clampThreads(setting, cores.logical);
    return { total, each: total, why: `LOCARA_THREADS allows ${countThreads(total)}.` };
  }
  const total = clampThreads(cores.count - 1, cores.count);
  const most = platform === 'darwin' ? MAX_MAC_THREADS : MAX_THREADS;
  const each = Math.min(total, most);
  return { total, each, why: whyTotal(Math.max(1, cores.count), each, total) };
}

export function countThreads(threads: number): string {
  return `${threads} thread${threads === 1 ? '' : 's'}`;
}

function whyTotal(cores: number, each: number, total: number): string {
  if (cores === 1) return 'There is one core to compute on.';
  const free = `One of ${cores} cores stays free for other programs.`;
  return each === total ? free : `${free} More than ${countThreads(each)} gain nothing.`;
}

function clampThreads(threads: number, most: number): number {
  return Math.max(1, Math.min(Math.floor(most), Math.floor(threads)));
}
