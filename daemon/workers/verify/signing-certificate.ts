import type { Provenance } from '@locara/protocol';
import type { Bundle } from '@sigstore/bundle';
import { type ASN1Obj, X509Certificate } from '@sigstore/core';
import { refuse, refusingAs } from './refuse.ts';

/** The leaf of a bundle, and what it says of who signed and where. */
export interface SigningCertificate {
  readonly der: Buffer;
  readonly provenance: Provenance;
}

const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
const FULCIO = '1.3.6.1.4.1.57264.1.';
const OTHER_NAME = `${FULCIO}7`;
const NAME_KINDS = { otherName: 0, email: 1, uri: 6 };
const UTF8_STRING = 0x0c;

/** Reads the one certificate that counts; undefined when a key signed. Throws `certificate`. */
export function readSigningCertificate(bundle: Bundle): SigningCertificate | undefined {
  const { content } = bundle.verificationMaterial;
  if (content.$case === 'publicKey') return undefined;
  const certificates =
    content.$case === 'certificate'
      ? [content.certificate]
      : content.x509CertificateChain.certificates;
  return refusingAs('certificate', () => {
    const chain = certificates.map(({ rawBytes }) => X509Certificate.parse(Buffer.from(rawBytes)));
    // A root that a bundle brings along must never look like a reason to trust it.
    if (chain.some((one) => one.subject.equals(one.issuer))) throw refuse('certificate');
    const [leaf] = chain;
    const [first] = certificates;
    if (leaf === undefined || first === undefined || leaf.isCA) throw refuse('certificate');
    return { der: first.rawBytes, provenance: readProvenance(leaf) };
  });
}

function readProvenance(leaf: X509Certificate): Provenance {
  const extensions = indexExtensions(leaf);
  if (!usagesOf(extensions).includes(CODE_SIGNING)) throw refuse('certificate');
  const claim = (arc: number): string | undefined => readClaim(extensions.get(`${FULCIO}${arc}`));
  // The first issuer extension is raw text, its successor a proper string; both must say the same.
  const [oldIssuer, issuer] = [extensions.get(`${FULCIO}1`)?.value, claim(8)];
  const rawIssuer = oldIssuer === undefined ? undefined : decode(oldIssuer);
  if (issuer !== undefined && rawIssuer !== undefined && issuer !== rawIssuer) {
    throw refuse('certificate');
  }
  const claims = {
    sourceRepository: claim(12),
    sourceRepositoryId: claim(15),
    sourceRepositoryOwnerId: claim(17),
    sourceRef: claim(14),
    sourceCommit: claim(13),
    runnerEnvironment: claim(11),
    buildUrl: claim(21),
  };
  return {
    issuer: required(issuer ?? rawIssuer),
    identity: readIdentity(extensions),
    ...Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined)),
  };
}

/** The value of each extension by its id; none may come twice, for two readers could take two. */
function indexExtensions(leaf: X509Certificate): ReadonlyMap<string, ASN1Obj> {
  const extensions = new Map<string, ASN1Obj>();
  for (const { subs } of leaf.extensions) {
    const [id, value] = [required(subs[0]).toOID(), required(subs.at(-1))];
    if (extensions.has(id)) throw refuse('certificate');
    extensions.set(id, value);
  }
  return extensions;
}

function usagesOf(extensions: ReadonlyMap<string, ASN1Obj>): readonly string[] {
  const usages = extensions.get(EXTENDED_KEY_USAGE)?.subs[0]?.subs ?? [];
  return usages.map((usage) => usage.toOID());
}

/** The only subject alternative name; with a second one it would be open who signed. */
function readIdentity(extensions: ReadonlyMap<string, ASN1Obj>): string {
  const names = extensions.get(SUBJECT_ALTERNATIVE_NAME)?.subs[0]?.subs ?? [];
  const name = required(names[0]);
  if (names.length !== 1) throw refuse('certificate');
  if (name.tag.isContextSpecific(NAME_KINDS.otherName)) {
    if (required(name.subs[0]).toOID() !== OTHER_NAME) throw refuse('certificate');
    return decode(required(name.subs[1]?.subs[0]).value);
  }
  const isText = [NAME_KINDS.email, NAME_KINDS.uri].some((kind) =>
    name.tag.isContextSpecific(kind),
  );
  if (!isText) throw refuse('certificate');
  return decode(name.value);
}

/** A DER UTF8String; undefined when the certificate does not have it. */
function readClaim(value: ASN1Obj | undefined): string | undefined {
  if (value === undefined) return undefined;
  const [string] = value.subs;
  if (value.subs.length !== 1 || string === undefined) throw refuse('certificate');
  if (!string.tag.isUniversal() || string.tag.number !== UTF8_STRING) throw refuse('certificate');
  return decode(string.value);
}

/** The library reads seven bits of each byte, so that other bytes could pass for a trusted name. */
function decode(bytes: Uint8Array): string {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  if (text === '' || /\p{Cc}/u.test(text)) throw refuse('certificate');
  return text;
}

function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw refuse('certificate');
  return value;
}
