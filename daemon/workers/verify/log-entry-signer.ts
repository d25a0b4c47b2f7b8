import type { TransparencyLogEntry } from '@sigstore/bundle';
import { refuse, refusingAs } from './refuse.ts';
import { isRecord } from './shape.ts';

const PEM = /^\s*-----BEGIN (CERTIFICATE|PUBLIC KEY)-----([A-Za-z0-9+/=\s]+)-----END \1-----\s*$/;

/**
 * Asserts that the log names the very certificate or key (DER) that the bundle does. The library does not
 * look: an entry under another key would hide a signature from those who watch the log for their identity.
 */
export function assertEntryNames(entry: TransparencyLogEntry, signer: Buffer): void {
  refusingAs('log_entry', () => {
    const body: unknown = JSON.parse(entry.canonicalizedBody.toString('utf8'));
    if (!readEntrySigner(body).equals(signer)) throw refuse('log_entry');
  });
}

function readEntrySigner(body: unknown): Buffer {
  const spec = at(body, 'spec');
  switch (`${String(at(body, 'kind'))}/${String(at(body, 'apiVersion'))}`) {
    case 'hashedrekord/0.0.1':
      return fromPem(at(spec, 'signature', 'publicKey', 'content'));
    case 'hashedrekord/0.0.2':
      return fromVerifier(at(spec, 'hashedRekordV002', 'signature', 'verifier'));
    case 'dsse/0.0.1':
      return fromPem(at(onlyOf(at(spec, 'signatures')), 'verifier'));
    case 'dsse/0.0.2':
      return fromVerifier(at(onlyOf(at(spec, 'dsseV002', 'signatures')), 'verifier'));
    case 'intoto/0.0.2':
      return fromPem(at(onlyOf(at(spec, 'content', 'envelope', 'signatures')), 'publicKey'));
    default:
      throw refuse('log_entry');
  }
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}

function onlyOf(value: unknown): unknown {
  if (!Array.isArray(value) || value.length !== 1) throw refuse('log_entry');
  return value[0];
}

function fromVerifier(verifier: unknown): Buffer {
  return fromBase64(
    at(verifier, 'x509Certificate', 'rawBytes') ?? at(verifier, 'publicKey', 'rawBytes'),
  );
}

function fromPem(base64: unknown): Buffer {
  const match = PEM.exec(fromBase64(base64).toString('latin1'));
  return fromBase64(match?.[2]?.replace(/\s/g, ''));
}

function fromBase64(value: unknown): Buffer {
  if (typeof value !== 'string' || value === '') throw refuse('log_entry');
  return Buffer.from(value, 'base64');
}
