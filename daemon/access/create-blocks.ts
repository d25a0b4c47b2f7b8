import type { Blocks } from './blocks.ts';

/** Blocks nothing yet. */
export function createBlocks(): Blocks {
  return { find: () => undefined, isStale: () => false, onChange: () => () => undefined };
}
