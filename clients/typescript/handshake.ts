import {
  createPrivateKey,
  createPublicKey,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { handshakeTranscript, methods, PROTOCOL_VERSION, RpcError } from '@locara/protocol';
import type { HandshakeFields, Result } from '@locara/protocol';
import type { Connection } from './connection.ts';
import type { Credentials } from './credentials.ts';
import { ClientError } from './errors.ts';
import { parseResult } from './call.ts';

/** Signs the client's transcript where the install key is not in the credentials (a keychain, an enclave). */
export type Prove = (transcript: Uint8Array) => Uint8Array | Promise<Uint8Array>;

export interface HandshakeOptions {
  readonly name: string;
  readonly version: string;
  readonly prove?: Prove | undefined;
}

type Hello = Result<'session.hello'>;

/** What both sides proved: the app as the daemon knows it, and the daemon. */
export interface Session extends Omit<Result<'session.authenticate'>, 'signature'> {
  readonly daemon: Hello['daemon'];
  readonly limits: Hello['limits'];
  readonly features: readonly string[];
}

const NONCE_BYTES = 32;

/** Proves the app to the daemon and the daemon to the app (contract, section 3). Nothing is signed for a daemon with another key. */
export async function performHandshake(
  connection: Connection,
  credentials: Credentials,
  options: HandshakeOptions,
): Promise<Session> {
  const hello = await sayHello(connection, options);
  const fields: HandshakeFields = {
    serverNonce: serverNonceOf(hello),
    clientNonce: randomBytes(NONCE_BYTES),
    daemonPublicKey: pinnedKeyOf(hello, credentials),
    appId: credentials.appId,
    manifestDigest: credentials.manifestDigest,
    clientPid: process.pid,
    daemonPid: hello.daemon.pid,
  };
  const proof = await signTranscript(handshakeTranscript('client', fields), credentials, options);
  const { signature, ...session } = await authenticate(connection, fields, proof);
  assertDaemonProof(fields, signature);
  if (session.app.id !== credentials.appId) {
    throw new ClientError('InvalidResponse', 'The daemon opened a session for another app.');
  }
  return { ...session, daemon: hello.daemon, limits: hello.limits, features: hello.features };
}

async function sayHello(connection: Connection, options: HandshakeOptions): Promise<Hello> {
  const params = {
    protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION },
    client: { name: options.name, version: options.version },
  };
  const answer = await connection.call('session.hello', params).result.catch((error: unknown) => {
    const isVersion = error instanceof RpcError && error.reason === 'IncompatibleVersion';
    throw isVersion ? new ClientError('IncompatibleVersion', error.message, error) : error;
  });
  const hello = parseResult(methods['session.hello'], answer) as Hello;
  if (hello.protocol !== PROTOCOL_VERSION) {
    throw new ClientError(
      'IncompatibleVersion',
      `The daemon speaks protocol ${hello.protocol}, this client ${PROTOCOL_VERSION}.`,
    );
  }
  return hello;
}

function serverNonceOf(hello: Hello): Buffer {
  const nonce = Buffer.from(hello.nonce, 'base64');
  if (nonce.length === NONCE_BYTES) return nonce;
  throw new ClientError('InvalidResponse', 'The daemon sent a nonce of the wrong length.');
}

function pinnedKeyOf(hello: Hello, credentials: Credentials): Buffer {
  const pinned = Buffer.from(credentials.daemonPublicKey, 'base64');
  const presented = Buffer.from(hello.daemon.publicKey, 'base64');
  if (pinned.length === NONCE_BYTES && pinned.length === presented.length) {
    if (timingSafeEqual(pinned, presented)) return pinned;
  }
  throw notTrusted('has another key than the one that installed this app');
}

async function signTranscript(
  transcript: Uint8Array,
  credentials: Credentials,
  { prove }: HandshakeOptions,
): Promise<Uint8Array> {
  if (prove !== undefined) return await prove(transcript);
  if (credentials.installKey === undefined) {
    throw new ClientError('CredentialsMissing', 'The credentials have no `installKey`.');
  }
  try {
    return sign(null, transcript, createPrivateKey(credentials.installKey));
  } catch {
    // No cause: messages of key parsers may quote the key.
    throw new ClientError('CredentialsMissing', 'The `installKey` is not a usable private key.');
  }
}

async function authenticate(
  connection: Connection,
  fields: HandshakeFields,
  proof: Uint8Array,
): Promise<Result<'session.authenticate'>> {
  const answer = await connection
    .call('session.authenticate', {
      appId: fields.appId,
      manifestDigest: fields.manifestDigest,
      nonce: toBase64(fields.clientNonce),
      pid: fields.clientPid,
      signature: toBase64(proof),
    })
    .result.catch((error: unknown) => {
      throw explainRefusal(error, fields.appId);
    });
  return parseResult(methods['session.authenticate'], answer) as Result<'session.authenticate'>;
}

/** The daemon tells a stranger nothing; the user's own command tells the user. */
function explainRefusal(error: unknown, appId: string): unknown {
  if (!(error instanceof RpcError) || error.reason !== 'Unauthenticated') return error;
  const { message, errorId } = error;
  const where = `Ask the user to look at: locara app show ${appId}`;
  return new RpcError('Unauthenticated', `${message} ${where}`, {
    ...(errorId === undefined ? {} : { errorId }),
    cause: error,
  });
}

function assertDaemonProof(fields: HandshakeFields, signature: string): void {
  const key = createPublicKey({
    format: 'jwk',
    key: {
      kty: 'OKP',
      crv: 'Ed25519',
      x: Buffer.from(fields.daemonPublicKey).toString('base64url'),
    },
  });
  const transcript = handshakeTranscript('server', fields);
  if (!verify(null, transcript, key, Buffer.from(signature, 'base64'))) {
    throw notTrusted('could not prove that it holds its key');
  }
}

function notTrusted(why: string): ClientError {
  return new ClientError('DaemonNotTrusted', `The daemon ${why}.`);
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
