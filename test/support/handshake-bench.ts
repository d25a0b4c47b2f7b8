import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { checkManifest, handshakeTranscript, type Params, rightsOf } from '@locara/protocol';
import { digestOf } from '../../daemon/access/trust/digest.ts';
import type { AppRecord, AppRegistry } from '../../daemon/access/apps/app-registry.ts';
import type { Blocks } from '../../daemon/access/trust/blocks.ts';
import { NO_BLOCKS } from './install-bench.ts';
import { toRawPublicKey } from '../../daemon/access/daemon-key.ts';
import {
  createHandshake,
  type Handshake,
  type HandshakeConnection,
} from '../../daemon/access/handshake.ts';
import {
  createSessions,
  type SessionListener,
  type Sessions,
} from '../../daemon/access/sessions.ts';
import type { LogFields } from '../../daemon/log.ts';
import { silentLog } from '../fakes/silent-log.ts';
import { createManifest } from './signed-package.ts';

export const HELLO = { protocol: { min: 1, max: 1 }, client: { name: 'x', version: '1' } };
export const MAC_CODE = { bundleId: 'com.acme.notes', teamId: 'AB12CD34EF' };
/** A build section that declares it. */
export const MAC_BUILD = { macos: MAC_CODE };

/** An installed app and the key that proves it. */
export interface BenchApp {
  readonly record: AppRecord;
  readonly privateKey: KeyObject;
  readonly manifestBytes: Uint8Array;
}

export function createApp(
  overrides: Readonly<Record<string, unknown>> = {},
  changes: Partial<AppRecord> = {},
): BenchApp {
  const bytes = createManifest(overrides);
  const { manifest } = checkManifest(bytes);
  if (manifest === undefined) throw new Error('the test manifest is not valid');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const record: AppRecord = {
    appId: `${manifest.publisher}/${manifest.name}`,
    manifest,
    manifestDigest: digestOf(bytes),
    installPublicKey: toRawPublicKey(publicKey),
    attestation: 'install-key',
    signer: { id: 'key:ada', words: 'a key', scope: 'sideloading' },
    installedAt: '2026-01-01T00:00:00.000Z',
    revoked: false,
    grants: [
      { capability: 'store:read', state: 'granted' },
      { capability: 'store:write', state: 'denied' },
    ],
    approved: rightsOf(manifest),
    ...changes,
  };
  return { record, privateKey, manifestBytes: bytes };
}

export interface HandshakeBench {
  readonly registry: AppRegistry;
  readonly sessions: Sessions;
  /** What was logged, newest last. */
  readonly logged: LogFields[];
  /** Ids of apps whose locara.json was edited. */
  readonly edited: Set<string>;
  readonly open: (changes?: Partial<HandshakeConnection>) => OpenHandshake;
}

export interface OpenHandshake extends Handshake {
  /** What the app sends: honest unless changed. */
  proofOf(
    app: BenchApp,
    changes?: Partial<Params<'session.authenticate'>>,
  ): Params<'session.authenticate'>;
  isClosing(): boolean;
}

/** The handshake over a registry in memory; the operating system says what the test wants. */
export function createHandshakeBench(
  apps: readonly BenchApp[],
  options: {
    readonly canEnroll?: boolean;
    readonly listener?: SessionListener;
    readonly blocks?: Blocks;
    /** Instead of one in memory. */
    readonly registry?: AppRegistry;
  } = {},
): HandshakeBench {
  const edited = new Set<string>();
  const registry = options.registry ?? createMemoryRegistry(apps, edited);
  const blocks = options.blocks ?? NO_BLOCKS;
  const limits = { maxConnectionsPerApp: 64, maxCallsPerApp: 64 };
  const sessions = createSessions(registry, blocks, limits);
  const logged: LogFields[] = [];
  const log = {
    ...silentLog,
    warn: (_: string, fields: LogFields = {}) => void logged.push(fields),
  };
  const daemon = generateKeyPairSync('ed25519');
  const daemonKey = { privateKey: daemon.privateKey, publicKey: toRawPublicKey(daemon.publicKey) };
  const deps = {
    registry,
    blocks,
    daemonKey,
    version: '1.0.0',
    features: [],
    maxConnectionsPerApp: 64,
    authTimeoutMs: 1000,
    canEnroll: options.canEnroll ?? true,
    log,
  };
  const listener = options.listener ?? {
    onModelsChanged: () => undefined,
    onStoreFilling: () => undefined,
    onGrantsChanged: () => undefined,
    onEnded: () => undefined,
  };
  return {
    registry,
    sessions,
    logged,
    edited,
    open: (changes = {}) => {
      let isClosing = false;
      let serverNonce = Buffer.alloc(32);
      const handshake = createHandshake(deps, {
        peer: { uid: process.getuid?.() ?? 0, pid: process.pid },
        judgeCode: () => ({ kind: 'unasked' }),
        isPeerUnchanged: () => true,
        closeAfterAnswer: () => {
          isClosing = true;
        },
        onAuthenticated: (record, attestation) =>
          sessions.open({ record, attestation, pid: process.pid }, listener),
        ...changes,
      });
      return {
        canEnroll: handshake.canEnroll,
        hello: (params) => {
          const answer = handshake.hello(params);
          serverNonce = Buffer.from(answer.nonce, 'base64');
          return answer;
        },
        authenticate: (params) => handshake.authenticate(params),
        enroll: (params) => handshake.enroll(params),
        isClosing: () => isClosing,
        proofOf: ({ record, privateKey }, changed = {}) => {
          const nonce = randomBytes(32).toString('base64');
          const { appId, manifestDigest } = record;
          const claim = { appId, manifestDigest, nonce, pid: process.pid, ...changed };
          const transcript = handshakeTranscript('client', {
            serverNonce,
            clientNonce: Buffer.from(claim.nonce, 'base64'),
            daemonPublicKey: daemonKey.publicKey,
            appId: claim.appId,
            manifestDigest: claim.manifestDigest,
            clientPid: claim.pid,
            daemonPid: process.pid,
          });
          return { signature: sign(null, transcript, privateKey).toString('base64'), ...claim };
        },
      };
    },
  };
}

function createMemoryRegistry(apps: readonly BenchApp[], edited: ReadonlySet<string>): AppRegistry {
  const records = new Map(apps.map(({ record }) => [record.appId, record]));
  const listeners = new Set<Parameters<AppRegistry['onChange']>[0]>();
  const registry: Pick<AppRegistry, 'find' | 'isIntact' | 'update' | 'onChange'> = {
    find: (appId) => records.get(appId),
    isIntact: (appId) => records.has(appId) && !edited.has(appId),
    update: async (appId, change) => {
      await Promise.resolve();
      const before = records.get(appId);
      if (before === undefined) throw new Error('no such app');
      const after = change(before);
      records.set(appId, after);
      for (const listener of listeners) listener(appId, after);
      return after;
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return registry as AppRegistry;
}
