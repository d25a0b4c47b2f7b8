import { type Capability, RpcError } from '@locara/protocol';
import type { AppRecord, AppRegistry } from './app-registry.ts';
import { effectiveGrants, hasCapability } from './grants.ts';
import type { Session } from './session.ts';

/** What the connection of a session is told. */
export interface SessionListener {
  /** The app's grants changed: tell it, and abort what it may no longer do. */
  readonly onGrantsChanged: () => void;
  /** The app was revoked, removed or replaced: the connection must close. */
  readonly onEnded: () => void;
}

export interface OpenSession extends Session {
  /** Counts a call against the app's limit; throws Busy. */
  beginCall(): CountedCall;
  /** The app's calls and connections now, over all its connections. */
  usage(): SessionUsage;
  close(): void;
}

/** One call in flight, as its app's limits count it. */
export interface CountedCall {
  isQueued: boolean;
  end(): void;
}

export interface SessionUsage {
  readonly calls: { readonly running: number; readonly queued: number };
  readonly connections: number;
}

/** Every authenticated connection, by app. */
export interface Sessions {
  open(record: AppRecord, pid: number, listener: SessionListener): OpenSession;
  usageOf(appId: string): SessionUsage;
  list(): readonly { readonly session: Session; readonly calls: number }[];
}

export interface SessionLimits {
  readonly maxConnectionsPerApp: number;
  readonly maxCallsPerApp: number;
}

interface Entry {
  readonly session: OpenSession;
  readonly listener: SessionListener;
  readonly calls: Set<CountedCall>;
}

export function createSessions(registry: AppRegistry, limits: SessionLimits): Sessions {
  const entries = new Map<string, Set<Entry>>();

  registry.onChange((appId, record) => {
    for (const entry of entries.get(appId) ?? []) {
      const isStale = record?.manifestDigest !== entry.session.manifestDigest;
      if (record === undefined || record.revoked || isStale) entry.listener.onEnded();
      else entry.listener.onGrantsChanged();
    }
  });

  const ofApp = (appId: string): Set<Entry> => {
    const found = entries.get(appId) ?? new Set<Entry>();
    entries.set(appId, found);
    return found;
  };
  const usageOf = (appId: string): SessionUsage => {
    const open = [...(entries.get(appId) ?? [])];
    const calls = open.flatMap((entry) => [...entry.calls]);
    const queued = calls.filter((call) => call.isQueued).length;
    return { calls: { running: calls.length - queued, queued }, connections: open.length };
  };

  return {
    open: (record, pid, listener) => {
      const siblings = ofApp(record.appId);
      if (siblings.size >= limits.maxConnectionsPerApp) {
        throw busy('This app has too many connections open');
      }
      const current = (): AppRecord | undefined => {
        const found = registry.find(record.appId);
        return found?.manifestDigest === record.manifestDigest ? found : undefined;
      };
      const entry: Entry = {
        calls: new Set(),
        listener,
        session: {
          ...describeApp(record, pid),
          grants: () => {
            const found = current();
            return found === undefined ? [] : effectiveGrants(found);
          },
          has: (capability: Capability) => {
            const found = current();
            return found !== undefined && hasCapability(found, capability);
          },
          beginCall: () => {
            const { running, queued } = usageOf(record.appId).calls;
            if (running + queued >= limits.maxCallsPerApp) {
              throw busy('This app has too many calls in flight');
            }
            const call: CountedCall = { isQueued: false, end: () => entry.calls.delete(call) };
            entry.calls.add(call);
            return call;
          },
          usage: () => usageOf(record.appId),
          close: () => {
            siblings.delete(entry);
            if (siblings.size === 0) entries.delete(record.appId);
          },
        },
      };
      siblings.add(entry);
      return entry.session;
    },
    usageOf,
    list: () =>
      [...entries.values()].flatMap((open) =>
        [...open].map(({ session, calls }) => ({ session, calls: calls.size })),
      ),
  };
}

function describeApp(record: AppRecord, pid: number) {
  return {
    appId: record.appId,
    version: record.manifest.version,
    displayName: record.manifest.displayName,
    manifest: record.manifest,
    manifestDigest: record.manifestDigest,
    attestation: record.attestation,
    pid,
  };
}

function busy(message: string): RpcError {
  return new RpcError('Busy', message, { details: { retryAfterMs: 250 } });
}
