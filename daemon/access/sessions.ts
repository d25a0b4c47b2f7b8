import { randomUUID } from 'node:crypto';
import {
  type Attestation,
  type Capability,
  type Grant,
  RpcError,
  type StoreFill,
} from '@locara/protocol';
import type { AppRecord, AppRegistry } from './apps/app-registry.ts';
import { describeBlock } from './trust/assert-not-blocked.ts';
import { type Blocks, toBlockSubject } from './trust/blocks.ts';
import {
  createRightsReader,
  type EffectiveRights,
  type RightsReader,
} from './rights/effective-rights.ts';
import type { Session } from './session.ts';

/** Why a session ended, as the app is told (`session.ended`). */
export interface SessionEnding {
  readonly reason: 'blocked' | 'revoked' | 'uninstalled' | 'replaced';
  readonly message: string;
  readonly advisory?: string;
}

/** How full a store is, as its apps are told (`store.filling`). */
export interface StoreFilling extends StoreFill {
  /** Of a store that two apps share. */
  readonly collection?: string;
}

/** What the connection of a session is told. */
export interface SessionListener {
  /** The app's grants changed: tell it, and abort what it may no longer do. */
  readonly onGrantsChanged: () => void;
  /** What this session may know of models has changed. */
  readonly onModelsChanged: (models: readonly string[]) => void;
  /** A store of the app's passed a threshold of its quota. */
  readonly onStoreFilling: (filling: StoreFilling) => void;
  /** The app was revoked, removed, replaced or blocked: the connection must close. */
  readonly onEnded: (ending: SessionEnding) => void;
}

/** A session while its connection is open. */
export interface OpenSession extends Session {
  /** Counts a call against the app's limit; throws Busy. */
  beginCall(): CountedCall;
  close(): void;
}

/** One call in flight, as its app's limits count it. */
export interface CountedCall {
  isQueued: boolean;
  end(): void;
}

/** What one app has open now, over all its connections. */
export interface SessionUsage {
  readonly calls: { readonly running: number; readonly queued: number };
  readonly connections: number;
}

/** Who proved to be whom, and how well. */
export interface SessionIdentity {
  readonly record: AppRecord;
  readonly attestation: Attestation;
  readonly pid: number;
}

/** Every authenticated connection, by app. */
export interface Sessions {
  open(identity: SessionIdentity, listener: SessionListener): OpenSession;
  usageOf(appId: string): SessionUsage;
  list(): readonly { readonly session: Session; readonly calls: number }[];
  /** Tells the sessions with these ids that models are loaded or unloaded. */
  tellModelsChanged(sessionIds: readonly string[], models: readonly string[]): void;
  /** Tells the app's sessions how full a store of its is. */
  tellStoreFilling(appId: string, filling: StoreFilling): void;
  /** Told once of each session that is over, however it ended. */
  onClosed(listener: (session: Session) => void): void;
}

/** What one app may have open at once; one more is Busy. */
export interface SessionLimits {
  readonly maxConnectionsPerApp: number;
  readonly maxCallsPerApp: number;
}

export function createSessions(
  registry: AppRegistry,
  blocks: Blocks,
  limits: SessionLimits,
): Sessions {
  const open = new Set<ServedSession>();
  const closedListeners: ((session: Session) => void)[] = [];
  const readRights = createRightsReader(blocks);
  endWithRegistry(open, registry);
  endWithBlocks(open, registry, blocks);

  return {
    open: (identity, listener) => {
      const { appId } = identity.record;
      if (usageOf(open, appId).connections >= limits.maxConnectionsPerApp) {
        throw busy('This app has too many connections open.');
      }
      const session = new ServedSession(identity, {
        registry,
        readRights,
        listener,
        assertRoom: () => {
          const { running, queued } = usageOf(open, appId).calls;
          if (running + queued < limits.maxCallsPerApp) return;
          throw busy('This app has too many calls in flight.');
        },
        onClose: () => {
          if (open.delete(session)) for (const tell of closedListeners) tell(session);
        },
      });
      open.add(session);
      return session;
    },
    usageOf: (appId) => usageOf(open, appId),
    tellModelsChanged: (sessionIds, models) => {
      for (const session of open) {
        if (sessionIds.includes(session.id)) session.listener.onModelsChanged(models);
      }
    },
    tellStoreFilling: (appId, filling) => {
      for (const session of ofApp(open, appId)) session.listener.onStoreFilling(filling);
    },
    onClosed: (listener) => {
      closedListeners.push(listener);
    },
    list: () => [...open].map((session) => ({ session, calls: session.calls.size })),
  };
}

type OpenSessions = ReadonlySet<ServedSession>;

function ofApp(open: OpenSessions, appId: string): ServedSession[] {
  return [...open].filter((session) => session.appId === appId);
}

function usageOf(open: OpenSessions, appId: string): SessionUsage {
  const sessions = ofApp(open, appId);
  const calls = sessions.flatMap((session) => [...session.calls]);
  const queued = calls.filter((call) => call.isQueued).length;
  return { calls: { running: calls.length - queued, queued }, connections: sessions.length };
}

/** Tells sessions of changed grants, and ends those whose app is no longer what opened them. */
function endWithRegistry(open: OpenSessions, registry: AppRegistry): void {
  registry.onChange((appId, record) => {
    for (const session of ofApp(open, appId)) {
      const ending = endingOf(session, record);
      if (ending === undefined) session.listener.onGrantsChanged();
      else session.listener.onEnded(ending);
    }
  });
}

/** Ends the sessions of apps that another revocation list blocks. */
function endWithBlocks(open: OpenSessions, registry: AppRegistry, blocks: Blocks): void {
  blocks.onChange(() => {
    for (const session of [...open]) endIfBlocked(session, registry, blocks);
  });
}

function endIfBlocked(session: ServedSession, registry: AppRegistry, blocks: Blocks): void {
  const record = registry.find(session.appId);
  const block = record === undefined ? undefined : blocks.find(toBlockSubject(record));
  if (block === undefined) return;
  const { advisory } = block;
  session.listener.onGrantsChanged();
  session.listener.onEnded({
    reason: 'blocked',
    message: describeBlock(block),
    ...(advisory === undefined ? {} : { advisory }),
  });
}

/** Why the session cannot go on with what is installed now; undefined when it can. */
function endingOf(
  session: ServedSession,
  record: AppRecord | undefined,
): SessionEnding | undefined {
  if (record === undefined) {
    return { reason: 'uninstalled', message: 'The app was uninstalled.' };
  }
  if (record.revoked) {
    return { reason: 'revoked', message: 'The user revoked the app: it may no longer connect.' };
  }
  if (session.isOf(record)) return undefined;
  const message = 'The app was installed anew: read its credentials again, and connect again.';
  return { reason: 'replaced', message };
}

interface SessionOwner {
  readonly registry: AppRegistry;
  readonly readRights: RightsReader;
  readonly listener: SessionListener;
  /** Throws Busy when the app may not begin another call. */
  readonly assertRoom: () => void;
  readonly onClose: () => void;
}

class ServedSession implements OpenSession {
  readonly id = randomUUID();
  readonly appId: string;
  readonly version: string;
  readonly displayName: string;
  readonly manifestDigest: string;
  readonly attestation: Attestation;
  readonly pid: number;
  readonly listener: SessionListener;
  readonly calls = new Set<CountedCall>();
  readonly #owner: SessionOwner;
  readonly #opened: AppRecord;

  constructor({ record, attestation, pid }: SessionIdentity, owner: SessionOwner) {
    this.appId = record.appId;
    this.version = record.manifest.version;
    this.displayName = record.manifest.displayName;
    this.manifestDigest = record.manifestDigest;
    this.attestation = attestation;
    this.pid = pid;
    this.#opened = record;
    this.listener = owner.listener;
    this.#owner = owner;
  }

  get manifest(): AppRecord['manifest'] {
    // Of an app that is gone or another by now: still no more than the user had approved.
    const rights = this.#rights() ?? this.#owner.readRights(this.#opened, this.attestation);
    return rights.manifest;
  }

  /** False once another manifest is installed, or another key proves the app: neither is who opened this. */
  isOf({ manifestDigest, installPublicKey }: AppRecord): boolean {
    const isSameKey = Buffer.compare(installPublicKey, this.#opened.installPublicKey) === 0;
    return isSameKey && manifestDigest === this.manifestDigest;
  }

  grants(): readonly Grant[] {
    return this.#rights()?.grants ?? [];
  }

  has(capability: Capability): boolean {
    return this.#rights()?.has(capability) === true;
  }

  beginCall(): CountedCall {
    this.#owner.assertRoom();
    const call: CountedCall = { isQueued: false, end: () => this.calls.delete(call) };
    this.calls.add(call);
    return call;
  }

  close(): void {
    this.#owner.onClose();
  }

  /** The rights as they are now, computed again when anything they follow from changed; none once the app is another. */
  #rights(): EffectiveRights | undefined {
    const { registry, readRights } = this.#owner;
    const record = registry.find(this.appId);
    if (record === undefined || !this.isOf(record)) return undefined;
    return readRights(record, this.attestation);
  }
}

function busy(message: string): RpcError {
  return new RpcError('Busy', message, { details: { retryAfterMs: 250 } });
}
