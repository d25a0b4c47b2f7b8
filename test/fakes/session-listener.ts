import type { SessionListener } from '../../daemon/access/sessions.ts';

/** A connection that cares for nothing it is told. */
export const DEAF: SessionListener = {
  onModelsChanged: () => undefined,
  onStoreFilling: () => undefined,
  onGrantsChanged: () => undefined,
  onEnded: () => undefined,
};
