import { Grant } from '@locara/protocol';
import { isRecord } from './errors.ts';

/** What the daemon tells without being asked. */
export interface EventMap {
  'grants.changed': { readonly grants: readonly Grant[] };
  'daemon.draining': { readonly reason: string; readonly deadlineMs: number };
  'models.changed': { readonly models: readonly string[] };
  /** The daemon is about to close this session, and says why. */
  'session.ended': {
    readonly reason: string;
    readonly message: string;
    readonly advisory?: string | undefined;
  };
  /** A store passed 80 % or 95 % of its quota; `collection` names the one that is shared with another app. */
  'store.filling': {
    readonly usedBytes: number;
    readonly limitBytes: number;
    readonly percent: number;
    readonly collection?: string | undefined;
  };
}
export type EventName = keyof EventMap;
type Listener<E extends EventName> = (event: EventMap[E]) => void;

export interface Events {
  readonly on: <E extends EventName>(event: E, listener: Listener<E>) => () => void;
  readonly emit: (event: string, params: Record<string, unknown>) => void;
}

export function createEvents(): Events {
  const listeners = new Map<string, Set<Listener<never>>>();
  return {
    on: (event, listener) => {
      const set = listeners.get(event) ?? new Set();
      listeners.set(event, set.add(listener));
      return () => {
        set.delete(listener);
      };
    },
    emit: (event, params) => {
      const set = listeners.get(event);
      if (set === undefined || !isEvent(event, params)) return;
      for (const listener of set) {
        // A listener that throws is the app's bug; it must not end the connection.
        queueMicrotask(() => {
          listener(params as never);
        });
      }
    },
  };
}

/** A notice of another shape is not passed on. */
function isEvent(event: string, params: unknown): boolean {
  if (!isRecord(params)) return false;
  if (event === 'grants.changed') return Grant.array().safeParse(params['grants']).success;
  if (event === 'models.changed') return isTextList(params['models']);
  if (event === 'session.ended') return isEnding(params);
  if (event === 'store.filling') return isFilling(params);
  return typeof params['reason'] === 'string' && typeof params['deadlineMs'] === 'number';
}

function isEnding({ reason, message, advisory }: Record<string, unknown>): boolean {
  const isLink = advisory === undefined || typeof advisory === 'string';
  return typeof reason === 'string' && typeof message === 'string' && isLink;
}

function isFilling(params: Record<string, unknown>): boolean {
  const { usedBytes, limitBytes, percent, collection } = params;
  const isNamed = collection === undefined || typeof collection === 'string';
  return isNamed && [usedBytes, limitBytes, percent].every((amount) => typeof amount === 'number');
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
