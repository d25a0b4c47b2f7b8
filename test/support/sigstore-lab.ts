import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
// Not from the package's entrance, which patches node:http.
import { initializeCA, initializeCTLog } from '@sigstore/mock/dist/fulcio/index.js';
import { initializeTLog } from '@sigstore/mock/dist/rekor/index.js';
import { initializeTSA } from '@sigstore/mock/dist/timestamp/index.js';

/** What the certificate says of who signed. */
export interface LabSigner {
  readonly san: string;
  readonly issuer: string;
  readonly repositoryId?: string | undefined;
  readonly ownerId?: string | undefined;
}

/** What a bundle leaves out; a whole one when absent. */
export interface LabOmissions {
  readonly withoutLog?: boolean;
  readonly withoutPromise?: boolean;
  readonly withoutTimestamp?: boolean;
}

/** A Sigstore instance of our own: certificate authority, certificate log, transparency log, timestamps. */
export interface SigstoreLab {
  /** The text of its trusted_root.json. */
  readonly trustedRootText: string;
  /** When everything was signed, by log and timestamp authority alike. */
  readonly signedAt: string;
  /** A v0.3 bundle with one message signature, as text. */
  signMessage(bytes: Uint8Array, signer: LabSigner, omit?: LabOmissions): Promise<string>;
  /** A v0.3 bundle with a DSSE envelope around the statement, as text. */
  signStatement(
    statement: unknown,
    signer: LabSigner,
    payloadType?: string,
    omit?: LabOmissions,
  ): Promise<string>;
}

const DAY_MS = 86_400_000;
const REKOR_URL = 'https://rekor.lab.example';
const OID = '1.3.6.1.4.1.57264.1.';
const SHA256_OID = '2.16.840.1.101.3.4.2.1';
const TSA_POLICY_OID = '1.3.6.1.4.1.57264.2';
const IN_TOTO = 'application/vnd.in-toto+json';

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}
type Parts = Awaited<ReturnType<typeof createParts>>;

/**
 * Starts a lab. `at` is what its clocks show; it cannot be earlier than now, because the certificates of
 * its authorities begin now, nor later than a year from now.
 */
export async function createSigstoreLab(at: Date = new Date()): Promise<SigstoreLab> {
  // Whole seconds: the timestamps of @sigstore/mock drop the zeros of fractions, which are then unreadable.
  const clock = new Date(Math.ceil(at.getTime() / 1000) * 1000);
  const parts = await createParts(clock);
  return {
    trustedRootText: JSON.stringify(renderTrustedRoot(parts, clock)),
    signedAt: clock.toISOString(),
    async signMessage(bytes, signer, omit = {}) {
      const identity = await issueCertificate(parts, signer);
      const signature = sign('sha256', bytes, identity.privateKey);
      const digest = createHash('sha256').update(bytes);
      const proposed = {
        apiVersion: '0.0.1',
        kind: 'hashedrekord',
        spec: {
          data: { hash: { algorithm: 'sha256', value: digest.copy().digest('hex') } },
          signature: {
            content: signature.toString('base64'),
            publicKey: { content: toBase64(identity.pem) },
          },
        },
      };
      return JSON.stringify({
        ...(await renderMaterial(parts, { ...identity, signature, proposed, omit })),
        messageSignature: {
          messageDigest: { algorithm: 'SHA2_256', digest: digest.digest('base64') },
          signature: signature.toString('base64'),
        },
      });
    },
    async signStatement(statement, signer, payloadType = IN_TOTO, omit = {}) {
      const identity = await issueCertificate(parts, signer);
      const payload = Buffer.from(JSON.stringify(statement));
      const signature = sign('sha256', encodeForSigning(payloadType, payload), identity.privateKey);
      const proposed = proposeInToto({ payloadType, payload, signature, pem: identity.pem });
      return JSON.stringify({
        ...(await renderMaterial(parts, { ...identity, signature, proposed, omit })),
        dsseEnvelope: {
          payload: payload.toString('base64'),
          payloadType,
          signatures: [{ sig: signature.toString('base64'), keyid: '' }],
        },
      });
    },
  };
}

/** An in-toto statement about one artifact. */
export function createStatement(artifact: Uint8Array): Readonly<Record<string, unknown>> {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [
      { name: 'artifact', digest: { sha256: createHash('sha256').update(artifact).digest('hex') } },
    ],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {},
  };
}

async function createParts(clock: Date) {
  const keys = { ca: createKeys(), ctlog: createKeys(), tlog: createKeys(), tsa: createKeys() };
  const ctlog = await initializeCTLog(keys.ctlog, clock);
  return {
    ctlog,
    ca: await initializeCA(keys.ca, ctlog, clock),
    tlog: await initializeTLog(REKOR_URL, keys.tlog, clock),
    tsa: await initializeTSA(keys.tsa, clock),
  };
}

function createKeys(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

async function issueCertificate({ ca }: Parts, signer: LabSigner) {
  const { publicKey, privateKey } = createKeys();
  const extensions = [
    { oid: `${OID}1`, value: signer.issuer, legacy: true },
    { oid: `${OID}8`, value: signer.issuer },
    ...(signer.repositoryId === undefined ? [] : [{ oid: `${OID}15`, value: signer.repositoryId }]),
    ...(signer.ownerId === undefined ? [] : [{ oid: `${OID}17`, value: signer.ownerId }]),
  ];
  const der = toBuffer(
    await ca.issueCertificate({
      publicKey: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
      subjectAltName: signer.san,
      extensions,
    }),
  );
  const pem = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
  return { privateKey, der, pem };
}

interface Signed {
  readonly der: Buffer;
  readonly signature: Buffer;
  readonly proposed: { readonly kind: string; readonly apiVersion: string };
  readonly omit: LabOmissions;
}

async function renderMaterial(parts: Parts, { der, signature, proposed, omit }: Signed) {
  const timestamp = {
    signedTimestamp: toBuffer(
      await parts.tsa.timestamp({
        artifactHash: createHash('sha256').update(signature).digest(),
        hashAlgorithmOID: SHA256_OID,
        nonce: 1,
        policyOID: TSA_POLICY_OID,
      }),
    ).toString('base64'),
  };
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: {
      certificate: { rawBytes: der.toString('base64') },
      tlogEntries: omit.withoutLog === true ? [] : [await renderEntry(parts, proposed, omit)],
      timestampVerificationData: {
        rfc3161Timestamps: omit.withoutTimestamp === true ? [] : [timestamp],
      },
    },
  };
}

/** What Rekor answers; the package that types it is not installed. */
interface LogEntry {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
  readonly verification: {
    readonly signedEntryTimestamp: string;
    readonly inclusionProof: {
      readonly logIndex: number;
      readonly rootHash: string;
      readonly treeSize: number;
      readonly checkpoint: string;
    };
  };
}

async function renderEntry({ tlog }: Parts, proposed: Signed['proposed'], omit: LabOmissions) {
  const entries = (await tlog.log(proposed)) as unknown as Readonly<Record<string, LogEntry>>;
  const [entry] = Object.values(entries);
  if (entry === undefined) throw new Error('no log entry');
  const { inclusionProof: proof, signedEntryTimestamp } = entry.verification;
  const promise = { signedEntryTimestamp };
  return {
    logIndex: String(entry.logIndex),
    logId: { keyId: Buffer.from(entry.logID, 'hex').toString('base64') },
    kindVersion: { kind: proposed.kind, version: proposed.apiVersion },
    integratedTime: String(entry.integratedTime),
    ...(omit.withoutPromise === true ? {} : { inclusionPromise: promise }),
    inclusionProof: {
      logIndex: String(proof.logIndex),
      rootHash: Buffer.from(proof.rootHash, 'hex').toString('base64'),
      treeSize: String(proof.treeSize),
      hashes: [],
      checkpoint: { envelope: proof.checkpoint },
    },
    canonicalizedBody: entry.body,
  };
}

interface Envelope {
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signature: Buffer;
  readonly pem: string;
}

function proposeInToto({ payloadType, payload, signature, pem }: Envelope) {
  const payloadHash = createHash('sha256').update(payload).digest('hex');
  return {
    apiVersion: '0.0.2',
    kind: 'intoto',
    spec: {
      content: {
        envelope: {
          payloadType,
          signatures: [{ publicKey: toBase64(pem), sig: toBase64(signature.toString('base64')) }],
        },
        hash: { algorithm: 'sha256', value: payloadHash },
        payloadHash: { algorithm: 'sha256', value: payloadHash },
      },
    },
  };
}

/** The pre-authentication encoding of DSSE. */
function encodeForSigning(payloadType: string, payload: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

function renderTrustedRoot({ ca, ctlog, tlog, tsa }: Parts, clock: Date) {
  const validFor = { start: new Date(clock.getTime() - DAY_MS).toISOString() };
  const log = (baseUrl: string, key: Buffer) => ({
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: key.toString('base64'),
      keyDetails: 'PKIX_ECDSA_P256_SHA_256',
      validFor,
    },
    logId: { keyId: createHash('sha256').update(key).digest('base64') },
  });
  const authority = (uri: string, ...chain: readonly ArrayBufferView[]) => ({
    subject: { organization: 'lab', commonName: 'lab' },
    uri,
    certChain: {
      certificates: chain.map((der) => ({ rawBytes: toBuffer(der).toString('base64') })),
    },
    validFor,
  });
  return {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [log(REKOR_URL, tlog.publicKey)],
    certificateAuthorities: [authority('https://fulcio.lab.example', ca.rootCertificate)],
    ctlogs: [log('https://ctlog.lab.example', ctlog.publicKey)],
    timestampAuthorities: [
      authority('https://tsa.lab.example', tsa.intCertificate, tsa.rootCertificate),
    ],
  };
}

function toBuffer(view: ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}
