export interface ThreadPolicy {
  /** Cores that can run at once: physical ones where the platform tells them apart. */
  readonly cores: number;
  readonly platform: NodeJS.Platform;
  /** The user's own choice; it is only kept within the machine. */
  readonly setting?: number | undefined;
}

/** More threads than this gain nothing: generation waits for memory long before. */
const MAX_THREADS = 8;

/**
 * Threads for one engine: all cores but one, at least 1, at most 8.
 * The engine's threads meet at a spin barrier after every layer. When another program holds one of
 * their cores the others spin until it comes back: measured, 2 threads on 2 shared cores made 56
 * tokens a second where 1 thread made 1463. One core therefore stays free for everyone else.
 * macOS computes on the GPU, so its CPU threads only sample and copy: 4 are plenty.
 */
export function chooseThreads({ cores, platform, setting }: ThreadPolicy): number {
  const available = Math.max(1, Math.floor(cores));
  if (setting !== undefined) return Math.min(available, Math.max(1, Math.floor(setting)));
  return Math.max(1, Math.min(available - 1, platform === 'darwin' ? 4 : MAX_THREADS));
}
