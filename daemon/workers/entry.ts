import type { WorkerKind } from './messages.ts';

/** The program of one kind of worker: source beside source, compiled beside compiled. */
export function workerEntry(kind: WorkerKind): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./${kind}/main.${extension}`, import.meta.url);
}
