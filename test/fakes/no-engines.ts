import type { PinnedModelsDeps } from '../../daemon/models/pinned-models.ts';

/** Engines where nothing is loaded, and nothing can be. */
export const NO_ENGINES: PinnedModelsDeps['engines'] = {
  isLoaded: () => false,
  quarantineMs: () => 0,
  contextTokensOf: () => undefined,
  worker: () => {
    throw new Error('not asked here');
  },
};
