import { generateKeyPairSync, randomBytes, randomUUID, sign, verify } from 'node:crypto';
import {
  type Attestation,
  type HandshakeFields,
  handshakeTranscript,
  LIMITS,
  type Params,
  PROTOCOL_VERSION,
  type Result,
  RpcError,
} from '@locara/protocol';
import type { Log } from '../log.ts';
import type { AppRecord, AppRegistry } from './app-registry.ts';
import { type Blocks, toBlockSubject } from './blocks.ts';
import { type DaemonKey, fromRawPublicKey, toRawPublicKey } from './daemon-key.ts';
import { effectiveRights } from './effective-rights.ts';

/** What the kernel says of the other end. */
export interface PeerIdentity {
  readonly uid: number;
  readonly pid: number;
}

export interface HandshakeDeps {
  readonly registry: AppRegistry;
  readonly blocks: Blocks;
  readonly daemonKey: DaemonKey;
  readonly version: string;
  readonly features: readonly string[];
  readonly maxConnectionsPerApp: number;
  readonly authTimeoutMs: number;
  readonly log: Log;
}

/** The state of one connection's way to a session. */
export interface Handshake {
  hello(params: Params<'session.hello'>): Result<'session.hello'>;
  authenticate(params: Params<'session.authenticate'>): Result<'session.authenticate'>;
}

/** An app that the daemon started in a sandbox. */
export interface LaunchedApp {
  readonly appId: string;
}

/** What a connection gives its handshake, and is told by it. */
export interface HandshakeConnection {
  readonly peer: PeerIdentity;
  /** Present when the daemon launched this app itself and opened the channel for it: the channel is the identity. */
  readonly launched?: LaunchedApp | undefined;
  /** Asked after the proof: the same process still holds the other end. */
  readonly isPeerUnchanged: () => boolean;
  /** The connection must close once the answer is written. */
  readonly closeAfterAnswer: () => void;
  /** The proof held: from now on the connection is this app's session. Throws to refuse it (Busy). */
  readonly onAuthenticated: (record: AppRecord, attestation: Attestation) => void;
}

/**
 * An unknown app is checked against this key, so that it costs what a known one costs: raw, because
 * importing a key takes longer than the rest of the difference.
 */
const DUMMY_PUBLIC_KEY = toRawPublicKey(generateKeyPairSync('ed25519').publicKey);

export function createHandshake(deps: HandshakeDeps, connection: HandshakeConnection): Handshake {
  let hasSaidHello = false;
  let serverNonce: Buffer | undefined;
  let isAuthenticated = false;

  const refuse = (check: string, appId: string): never => {
    const errorId = randomUUID();
    deps.log.warn('session.refused', {
      errorId,
      check,
      peerPid: connection.peer.pid,
      ...(deps.registry.find(appId) === undefined ? {} : { appId }),
    });
    connection.closeAfterAnswer();
    throw new RpcError(
      'Unauthenticated',
      'The proof of identity failed; the log of the daemon says which check, by this errorId.',
      { errorId },
    );
  };

  return {
    hello: (params) => {
      if (hasSaidHello) {
        connection.closeAfterAnswer();
        throw new RpcError('Conflict', 'This connection has said hello already.');
      }
      if (params.protocol.min > PROTOCOL_VERSION || params.protocol.max < PROTOCOL_VERSION) {
        connection.closeAfterAnswer();
        throw new RpcError(
          'IncompatibleVersion',
          'Client and daemon have no protocol version in common: update the older one.',
          {
            details: { supported: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION } },
          },
        );
      }
      hasSaidHello = true;
      serverNonce = randomBytes(32);
      return describeDaemon(deps, serverNonce);
    },
    authenticate: (params) => {
      if (isAuthenticated) {
        connection.closeAfterAnswer();
        throw new RpcError('Conflict', 'This connection is authenticated already.');
      }
      const outcome = check(deps, connection, { params, serverNonce });
      // The nonce serves one attempt.
      serverNonce = undefined;
      if ('failed' in outcome) return refuse(outcome.failed, params.appId);
      isAuthenticated = true;
      connection.onAuthenticated(outcome.record, outcome.attestation);
      return proveDaemon(deps.daemonKey, outcome);
    },
  };
}

function describeDaemon(deps: HandshakeDeps, nonce: Buffer): Result<'session.hello'> {
  return {
    protocol: PROTOCOL_VERSION,
    daemon: {
      name: 'locarad',
      version: deps.version,
      pid: process.pid,
      publicKey: deps.daemonKey.publicKey.toString('base64'),
    },
    nonce: nonce.toString('base64'),
    limits: {
      maxMessageBytes: LIMITS.maxMessageBytes,
      maxMessageDepth: LIMITS.maxMessageDepth,
      maxMessageValues: LIMITS.maxMessageValues,
      maxConnectionsPerApp: deps.maxConnectionsPerApp,
      maxCallsPerConnection: LIMITS.maxCallsPerConnection,
      authTimeoutMs: deps.authTimeoutMs,
    },
    features: [...deps.features],
  };
}

/** What the app learns of its session, signed: the daemon proves itself in its turn. */
function proveDaemon(
  daemonKey: DaemonKey,
  { record, attestation, fields }: Proven,
): Result<'session.authenticate'> {
  const transcript = handshakeTranscript('server', fields);
  return {
    app: {
      id: record.appId,
      version: record.manifest.version,
      displayName: record.manifest.displayName,
    },
    attestation,
    grants: [...effectiveRights({ record, attestation, block: undefined }).grants],
    signature: sign(null, transcript, daemonKey.privateKey).toString('base64'),
  };
}

/** An app that proved to be itself, and what both sides sign. */
interface Proven {
  readonly record: AppRecord;
  readonly attestation: Attestation;
  readonly fields: HandshakeFields;
}

/** Runs every check, whatever the earlier ones said, and names the first that failed for the log. */
function check(
  deps: HandshakeDeps,
  { peer, launched, isPeerUnchanged }: HandshakeConnection,
  attempt: {
    readonly params: Params<'session.authenticate'>;
    readonly serverNonce: Buffer | undefined;
  },
): { readonly failed: string } | Proven {
  const { params } = attempt;
  const known = deps.registry.find(params.appId);
  const fields = {
    serverNonce: attempt.serverNonce ?? randomBytes(32),
    clientNonce: Buffer.from(params.nonce, 'base64'),
    daemonPublicKey: deps.daemonKey.publicKey,
    appId: params.appId,
    manifestDigest: params.manifestDigest,
    clientPid: params.pid,
    daemonPid: process.pid,
  };
  const key = fromRawPublicKey(known?.installPublicKey ?? DUMMY_PUBLIC_KEY);
  const isSigned = verify(
    null,
    handshakeTranscript('client', fields),
    key,
    Buffer.from(params.signature, 'base64'),
  );
  const checks: readonly (readonly [string, boolean])[] = [
    ['uid', peer.uid === process.getuid?.()],
    ['hello', attempt.serverNonce !== undefined],
    ['app', known !== undefined],
    ['revoked', known?.revoked !== true],
    ['blocked', known === undefined || deps.blocks.find(toBlockSubject(known)) === undefined],
    ['channel', launched === undefined || launched.appId === params.appId],
    ['digest', known?.manifestDigest === params.manifestDigest],
    // Inside a sandbox the app sees another number of its own.
    ['pid', launched !== undefined || peer.pid === params.pid],
    ['nonce', fields.clientNonce.length === 32],
    ['signature', isSigned],
    ['peer', isPeerUnchanged()],
  ];
  const failed = checks.find(([, holds]) => !holds)?.[0];
  if (failed !== undefined || known === undefined) return { failed: failed ?? 'app' };
  return { record: known, attestation: attestationOf(known, launched), fields };
}

/** How well the identity is established: a development app is that, however it was started. */
export function attestationOf(record: AppRecord, launched: LaunchedApp | undefined): Attestation {
  if (record.attestation === 'development' || launched === undefined) return record.attestation;
  return 'daemon-launched-sandbox';
}
