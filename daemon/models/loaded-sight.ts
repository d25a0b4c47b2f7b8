import type { Session } from '../access/session.ts';

type SessionId = Pick<Session, 'id'>;

/**
 * Which sessions may know that a model is in memory: those that have used it since it was loaded. To all others
 * it is `installed`, or they could watch when the other apps of the user work.
 */
export interface LoadedSight {
  use(session: SessionId, digest: string): void;
  sees(session: SessionId, digest: string): boolean;
  /** The ids of the sessions that see the model. */
  viewersOf(digest: string): readonly string[];
  /** It is gone from memory: who saw it must use it again to see it again. */
  clear(digest: string): void;
  /** The session is over. */
  forget(session: SessionId): void;
}

export function createLoadedSight(): LoadedSight {
  const viewers = new Map<string, Set<string>>();
  return {
    use: ({ id }, digest) => {
      viewers.set(digest, (viewers.get(digest) ?? new Set()).add(id));
    },
    sees: ({ id }, digest) => viewers.get(digest)?.has(id) === true,
    viewersOf: (digest) => [...(viewers.get(digest) ?? [])],
    clear: (digest) => {
      viewers.delete(digest);
    },
    forget: ({ id }) => {
      for (const seen of viewers.values()) seen.delete(id);
    },
  };
}
