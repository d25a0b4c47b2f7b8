import { parseStrictJson } from '@locara/protocol/strict-json';
import {
  type Bundle,
  bundleFromJSON,
  type TransparencyLogEntry,
  ValidationError,
} from '@sigstore/bundle';
import { MAX_BUNDLE_BYTES } from './ops.ts';
import { refuse, refusingAs } from './refuse.ts';
import { base64, count64, hasOneOf, isRecord, listOf, oneOf, record, text } from './shape.ts';

/** Far above what any log or authority makes, far below what costs time. */
const MAX = { entries: 32, hashes: 64, certificates: 8, timestamps: 32, checkpointChars: 32_768 };
const MEDIA_TYPES = ['0.1', '0.2', '0.3'].flatMap((version) => [
  `application/vnd.dev.sigstore.bundle+json;version=${version}`,
  `application/vnd.dev.sigstore.bundle.v${version}+json`,
]);
const MATERIALS = ['certificate', 'x509CertificateChain', 'publicKey'] as const;
const CONTENTS = ['messageSignature', 'dsseEnvelope'] as const;

const Certificate = record({ rawBytes: base64 });
const InclusionProof = record(
  {},
  {
    logIndex: count64,
    treeSize: count64,
    rootHash: base64,
    hashes: listOf(base64, MAX.hashes),
    checkpoint: record({ envelope: text(MAX.checkpointChars) }),
  },
);
const LogEntry = record(
  {
    logId: record({ keyId: base64 }),
    kindVersion: record({ kind: text(64), version: text(64) }),
    canonicalizedBody: base64,
  },
  {
    logIndex: count64,
    integratedTime: count64,
    inclusionPromise: record({ signedEntryTimestamp: base64 }),
    inclusionProof: InclusionProof,
  },
);
const Material = record(
  {},
  {
    tlogEntries: listOf(LogEntry, MAX.entries),
    certificate: Certificate,
    x509CertificateChain: record({ certificates: listOf(Certificate, MAX.certificates) }),
    publicKey: record({}, { hint: (hint) => hint === '' || text(256)(hint) }),
    timestampVerificationData: record(
      {},
      { rfc3161Timestamps: listOf(record({ signedTimestamp: base64 }), MAX.timestamps) },
    ),
  },
);
const MessageSignature = record({
  messageDigest: record({ algorithm: oneOf('SHA2_256', 'SHA2_384', 'SHA2_512'), digest: base64 }),
  signature: base64,
});
const Envelope = record({
  payload: base64,
  payloadType: text(256),
  signatures: listOf(record({ sig: base64 }, { keyid: () => true }), 1),
});
const BundleDocument = record(
  { mediaType: oneOf(...MEDIA_TYPES), verificationMaterial: Material },
  { messageSignature: MessageSignature, dsseEnvelope: Envelope },
);

/** Reads a bundle whose every field and count was looked at first. Throws `bundle_too_large`, `bundle_malformed` or `log_entry`. */
export function parseBundle(bytes: Uint8Array): Bundle {
  if (bytes.length > MAX_BUNDLE_BYTES) throw refuse('bundle_too_large');
  return refusingAs('bundle_malformed', () => {
    const document = parseStrictJson(bytes);
    if (!isBundle(document)) throw refuse('bundle_malformed');
    return toBundle(document);
  });
}

function toBundle(document: unknown): Bundle {
  try {
    return dropBareProofs(bundleFromJSON(document));
  } catch (error) {
    const fields = error instanceof ValidationError ? error.fields : [];
    throw refuse(
      fields.some((field) => field.includes('inclusion')) ? 'log_entry' : 'bundle_malformed',
    );
  }
}

/**
 * A proof without a checkpoint proves nothing, and the library fails at it. Only bundles of version 0.1,
 * which have the log's promise, can have one: the first releases of Python that were signed do.
 */
function dropBareProofs(bundle: Bundle): Bundle {
  const entries: TransparencyLogEntry[] = bundle.verificationMaterial.tlogEntries;
  for (const entry of entries) {
    if (entry.inclusionProof?.checkpoint === undefined) entry.inclusionProof = undefined;
  }
  return bundle;
}

function isBundle(document: unknown): boolean {
  return (
    BundleDocument(document) &&
    isRecord(document) &&
    hasOneOf(document, CONTENTS) &&
    hasOneOf(document['verificationMaterial'], MATERIALS)
  );
}
