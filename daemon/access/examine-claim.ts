import { generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import {
  type Attestation,
  type HandshakeFields,
  handshakeTranscript,
  type MacCodeIdentity,
  type Params,
  readMacCode,
} from '@locara/protocol';
import type { CodeFinding } from '../transport/peer-code.ts';
import type { AppRecord, AppRegistry } from './apps/app-registry.ts';
import { type Blocks, type BlockSubject, toBlockSubject } from './trust/blocks.ts';
import { type DaemonKey, fromRawPublicKey, toRawPublicKey } from './daemon-key.ts';

/** What the kernel says of the other end. */
export interface PeerIdentity {
  readonly uid: number;
  readonly pid: number;
}

/** An app that the daemon started in a sandbox. */
export interface LaunchedApp {
  readonly appId: string;
}

/** The other end of a connection, as far as anyone but itself can say. */
export interface ClaimingPeer {
  readonly peer: PeerIdentity;
  /** Present when the daemon launched this app itself and opened the channel for it: the channel is the identity. */
  readonly launched?: LaunchedApp | undefined;
  /** Whose code the peer runs, by the reading of its connect. */
  readonly judgeCode: (demanded: MacCodeIdentity | undefined) => CodeFinding;
  /** Asked after everything else: the same process still holds the other end. */
  readonly isPeerUnchanged: () => boolean;
}

export interface ClaimDeps {
  readonly registry: Pick<AppRegistry, 'find' | 'isIntact'>;
  readonly blocks: Pick<Blocks, 'find'>;
  readonly daemonKey: DaemonKey;
}

/** Who a peer says it is, and its proof. */
export interface Claim {
  readonly params: Params<'session.authenticate'>;
  /** Absent when no hello came before. */
  readonly serverNonce: Buffer | undefined;
  /** To enroll: the key that the app made itself, raw; then its code must be proven. */
  readonly newKey?: Uint8Array | undefined;
}

/** An app that proved to be itself, and what both sides sign. */
export interface Proven {
  readonly record: AppRecord;
  readonly attestation: Attestation;
  readonly fields: HandshakeFields;
}

/** The first check that failed, for the log alone. */
export interface Refuted {
  readonly failed: string;
  readonly code: CodeFinding;
}

/** An unknown app is checked against this key and name, so that it costs what a known one costs. */
const DUMMY_PUBLIC_KEY = toRawPublicKey(generateKeyPairSync('ed25519').publicKey);
const DUMMY_SUBJECT: BlockSubject = {
  appId: 'nobody/nothing',
  version: '1.0.0',
  manifestDigest: `sha256:${'0'.repeat(64)}`,
  signerId: 'key:none',
};

const KEY_BYTES = 32;
const NONCE_BYTES = 32;

/** Runs every check, whatever the earlier ones said: how long it takes must not tell which apps are installed. */
export function examineClaim(
  deps: ClaimDeps,
  asking: ClaimingPeer,
  claim: Claim,
): Proven | Refuted {
  const { peer, launched } = asking;
  const { params, newKey } = claim;
  const known = deps.registry.find(params.appId);
  const isIntact = deps.registry.isIntact(params.appId);
  const block = deps.blocks.find(known === undefined ? DUMMY_SUBJECT : toBlockSubject(known));
  const fields = fieldsOf(deps, claim);
  const key = newKey ?? known?.installPublicKey ?? DUMMY_PUBLIC_KEY;
  const isSigned = isSignedBy(key, fields, params.signature);
  const code = asking.judgeCode(demandedCode(known));
  const attestation = known === undefined ? 'development' : attestationOf(known, launched, code);
  const checks: readonly (readonly [string, boolean])[] = [
    ['uid', peer.uid === process.getuid?.()],
    ['hello', claim.serverNonce !== undefined],
    ['app', known !== undefined],
    ['revoked', known?.revoked !== true],
    ['blocked', block === undefined],
    ['channel', launched === undefined || launched.appId === params.appId],
    ['digest', known?.manifestDigest === params.manifestDigest],
    ['manifest', isIntact],
    // Inside a sandbox the app sees another number of its own.
    ['pid', launched !== undefined || peer.pid === params.pid],
    ['nonce', fields.clientNonce.length === NONCE_BYTES],
    ['signature', isSigned],
    ['code', code.kind !== 'refused'],
    ['tier', newKey === undefined || attestation === 'os-code-identity'],
    // On macOS the second reading of the audit token: the last thing asked.
    ['peer', asking.isPeerUnchanged()],
  ];
  const failed = checks.find(([, holds]) => !holds)?.[0];
  if (failed !== undefined || known === undefined) return { failed: failed ?? 'app', code };
  return { record: known, attestation, fields };
}

/** What the app's manifest demands of its code; nothing for an app that is not installed. */
function demandedCode(known: AppRecord | undefined): MacCodeIdentity | undefined {
  const declared = readMacCode(known?.manifest.build);
  return typeof declared === 'string' ? undefined : declared;
}

function fieldsOf({ daemonKey }: ClaimDeps, { params, serverNonce }: Claim): HandshakeFields {
  return {
    serverNonce: serverNonce ?? randomBytes(NONCE_BYTES),
    clientNonce: Buffer.from(params.nonce, 'base64'),
    daemonPublicKey: daemonKey.publicKey,
    appId: params.appId,
    manifestDigest: params.manifestDigest,
    clientPid: params.pid,
    daemonPid: process.pid,
  };
}

function isSignedBy(key: Uint8Array, fields: HandshakeFields, signature: string): boolean {
  const isKey = key.length === KEY_BYTES;
  const publicKey = fromRawPublicKey(isKey ? key : DUMMY_PUBLIC_KEY);
  const transcript = handshakeTranscript('client', fields);
  return verify(null, transcript, publicKey, Buffer.from(signature, 'base64')) && isKey;
}

/** How well the identity is established: a development app is that, however it was started. */
export function attestationOf(
  record: AppRecord,
  launched: LaunchedApp | undefined,
  code: CodeFinding = { kind: 'unasked' },
): Attestation {
  if (record.attestation === 'development') return 'development';
  if (code.kind === 'proven') return 'os-code-identity';
  return launched === undefined ? record.attestation : 'daemon-launched-sandbox';
}
