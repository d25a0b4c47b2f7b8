import { randomBytes, randomUUID, sign } from 'node:crypto';
import {
  type Attestation,
  handshakeTranscript,
  LIMITS,
  type Params,
  PROTOCOL_VERSION,
  type Result,
  RpcError,
} from '@locara/protocol';
import type { Log } from '../log.ts';
import type { AppRecord, AppRegistry } from './apps/app-registry.ts';
import type { Blocks } from './trust/blocks.ts';
import type { DaemonKey } from './daemon-key.ts';
import { enrollKey } from './enroll-key.ts';
import {
  type Claim,
  type ClaimingPeer,
  examineClaim,
  type Proven,
  type Refuted,
} from './examine-claim.ts';
import type { Session } from './session.ts';

export interface HandshakeDeps {
  readonly registry: AppRegistry;
  readonly blocks: Blocks;
  readonly daemonKey: DaemonKey;
  readonly version: string;
  readonly features: readonly string[];
  readonly maxConnectionsPerApp: number;
  readonly authTimeoutMs: number;
  /** Whether the operating system recognises code: only then may apps enroll keys of their own. */
  readonly canEnroll: boolean;
  readonly log: Log;
}

/** The state of one connection's way to a session. */
export interface Handshake {
  /** Whether the operating system recognises code: only then may an app enroll a key of its own. */
  readonly canEnroll: boolean;
  hello(params: Params<'session.hello'>): Result<'session.hello'>;
  authenticate(params: Params<'session.authenticate'>): Result<'session.authenticate'>;
  enroll(params: Params<'session.enroll'>): Promise<Result<'session.enroll'>>;
}

/** What a connection gives its handshake, and is told by it. */
export interface HandshakeConnection extends ClaimingPeer {
  /** The connection must close once the answer is written. */
  readonly closeAfterAnswer: () => void;
  /** The proof held: the session that the connection is from now on. Throws to refuse it (Busy). */
  readonly onAuthenticated: (record: AppRecord, attestation: Attestation) => Session;
}

export function createHandshake(deps: HandshakeDeps, connection: HandshakeConnection): Handshake {
  return new ConnectionHandshake(deps, connection);
}

class ConnectionHandshake implements Handshake {
  readonly #deps: HandshakeDeps;
  readonly #connection: HandshakeConnection;
  #hasSaidHello = false;
  #isAuthenticated = false;
  #serverNonce: Buffer | undefined;

  constructor(deps: HandshakeDeps, connection: HandshakeConnection) {
    this.#deps = deps;
    this.#connection = connection;
  }

  get canEnroll(): boolean {
    return this.#deps.canEnroll;
  }

  hello({ protocol }: Params<'session.hello'>): Result<'session.hello'> {
    if (this.#hasSaidHello) throw this.#conflict('This connection has said hello already.');
    if (protocol.min > PROTOCOL_VERSION || protocol.max < PROTOCOL_VERSION) {
      this.#connection.closeAfterAnswer();
      throw new RpcError(
        'IncompatibleVersion',
        'Client and daemon have no protocol version in common: update the older one.',
        { details: { supported: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION } } },
      );
    }
    this.#hasSaidHello = true;
    this.#serverNonce = randomBytes(32);
    return describeDaemon(this.#deps, this.#serverNonce);
  }

  authenticate(params: Params<'session.authenticate'>): Result<'session.authenticate'> {
    if (this.#isAuthenticated) throw this.#conflict('This connection is authenticated already.');
    const outcome = this.#examine({ params, serverNonce: this.#takeNonce() });
    if ('failed' in outcome) throw this.#refuse(outcome, params.appId);
    this.#isAuthenticated = true;
    const session = this.#connection.onAuthenticated(outcome.record, outcome.attestation);
    return proveDaemon(this.#deps.daemonKey, session, outcome);
  }

  /** Whatever comes of it, the connection ends: the app connects again and authenticates with its key. */
  async enroll(params: Params<'session.enroll'>): Promise<Result<'session.enroll'>> {
    if (!this.#deps.canEnroll) {
      throw new RpcError('Unavailable', 'Apps enroll on macOS alone, under their code identity.', {
        details: { rule: 'os_code_identity' },
      });
    }
    if (this.#isAuthenticated) throw this.#conflict('This connection is authenticated already.');
    const newKey = Buffer.from(params.publicKey, 'base64');
    const outcome = this.#examine({ params, serverNonce: this.#takeNonce(), newKey });
    if ('failed' in outcome) throw this.#refuse(outcome, params.appId);
    try {
      await enrollKey(this.#deps.registry, outcome.record, newKey);
      this.#deps.log.info('session.enrolled', { appId: params.appId });
      return { enrolled: true };
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      throw this.#refuse({ failed: 'changed', code: { kind: 'proven' } }, params.appId);
    } finally {
      this.#connection.closeAfterAnswer();
    }
  }

  #examine(claim: Claim): Proven | Refuted {
    return examineClaim(this.#deps, this.#connection, claim);
  }

  /** The nonce serves one attempt. */
  #takeNonce(): Buffer | undefined {
    const nonce = this.#serverNonce;
    this.#serverNonce = undefined;
    return nonce;
  }

  #conflict(message: string): RpcError {
    this.#connection.closeAfterAnswer();
    return new RpcError('Conflict', message);
  }

  /** One answer for every failed check: which one it was is in the log alone. */
  #refuse({ failed, code }: Refuted, appId: string): RpcError {
    const errorId = randomUUID();
    this.#deps.log.warn('session.refused', {
      errorId,
      check: failed,
      peerPid: this.#connection.peer.pid,
      ...(failed === 'code' && code.kind === 'refused'
        ? { reason: code.why, code: code.status }
        : {}),
      ...(this.#deps.registry.find(appId) === undefined ? {} : { appId }),
    });
    this.#connection.closeAfterAnswer();
    return new RpcError(
      'Unauthenticated',
      'The proof of identity failed; the log of the daemon says which check, by this errorId.',
      { errorId },
    );
  }
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
  session: Session,
  { fields }: Proven,
): Result<'session.authenticate'> {
  const transcript = handshakeTranscript('server', fields);
  return {
    app: { id: session.appId, version: session.version, displayName: session.displayName },
    attestation: session.attestation,
    grants: [...session.grants()],
    signature: sign(null, transcript, daemonKey.privateKey).toString('base64'),
  };
}
