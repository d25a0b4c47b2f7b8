import { randomUUID } from 'node:crypto';
import { RpcError } from '@locara/protocol';
import type { Session } from '../access/session.ts';

export interface Lease {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface LeaseRequest {
  readonly session: Pick<Session, 'id' | 'appId'>;
  readonly digest: string;
  readonly ttlMs: number;
  /** Brings the model into memory. */
  readonly load: () => Promise<void>;
}

/** Promises to keep models warm, each a session's own and gone with it. */
export interface Leases {
  /** The time begins once the model is loaded. Throws Busy when the app has its share, and what `load` throws. */
  take(request: LeaseRequest): Promise<Lease>;
  /** Throws NotFound for a lease that is not this session's, whoever else's it is. */
  release(session: Pick<Session, 'id'>, leaseId: string): void;
  /** The session is over. */
  drop(session: Pick<Session, 'id'>): void;
}

export const MAX_LEASES_PER_APP = 4;

interface HeldLease {
  readonly id: string;
  readonly sessionId: string;
  readonly appId: string;
  readonly digest: string;
  /** From the end of loading on. */
  timer?: NodeJS.Timeout;
}

const RETRY_AFTER_MS = 1000;

/** `keepWarm` is told with the first lease of a model, and with the end of its last. */
export function createLeases(keepWarm: (digest: string, isHeld: boolean) => void): Leases {
  const leases = new Map<string, HeldLease>();
  const isHeld = (digest: string): boolean =>
    [...leases.values()].some((lease) => lease.digest === digest);
  const end = ({ id, digest, timer }: HeldLease): void => {
    clearTimeout(timer);
    if (leases.delete(id) && !isHeld(digest)) keepWarm(digest, false);
  };
  return {
    take: async ({ session, digest, ttlMs, load }) => {
      const own = [...leases.values()].filter(({ appId }) => appId === session.appId);
      if (own.length >= MAX_LEASES_PER_APP) throw tooManyError();
      const { id: sessionId, appId } = session;
      const lease: HeldLease = { id: randomUUID(), sessionId, appId, digest };
      // Counted from now on: calls that load at the same time share the limit.
      leases.set(lease.id, lease);
      keepWarm(digest, true);
      try {
        await load();
      } catch (error) {
        end(lease);
        throw error;
      }
      if (!leases.has(lease.id)) throw new RpcError('Cancelled', 'The session is over.');
      lease.timer = setTimeout(() => {
        end(lease);
      }, ttlMs).unref();
      return { id: lease.id, expiresAt: Date.now() + ttlMs };
    },
    release: (session, leaseId) => {
      const lease = leases.get(leaseId);
      if (lease?.sessionId !== session.id) {
        throw new RpcError('NotFound', 'This session holds no such lease.');
      }
      end(lease);
    },
    drop: (session) => {
      for (const lease of [...leases.values()]) if (lease.sessionId === session.id) end(lease);
    },
  };
}

function tooManyError(): RpcError {
  return new RpcError('Busy', 'This app holds as many leases as one app may: release one.', {
    details: { limit: MAX_LEASES_PER_APP, retryAfterMs: RETRY_AFTER_MS },
  });
}
