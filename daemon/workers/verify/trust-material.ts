import { createPublicKey, type KeyObject } from 'node:crypto';
import { parseStrictJson } from '@locara/protocol/strict-json';
import { X509Certificate } from '@sigstore/core';
import type { TrustMaterial } from '@sigstore/verify';
import { refuse, refusingAs } from './refuse.ts';
import { base64, isRecord } from './shape.ts';

type Log = TrustMaterial['tlogs'][number];
type Authority = TrustMaterial['certificateAuthorities'][number];
type Fields = Readonly<Record<string, unknown>>;

const MEDIA_TYPE =
  /^application\/vnd\.dev\.sigstore\.trustedroot(?:\+json;version=0\.[12]|\.v0\.[12]\+json)$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;
const END_OF_TIME = new Date(8_640_000_000_000_000);
const MAX_AUTHORITIES = 64;
const MAX_CHAIN = 8;

/**
 * Reads a trusted_root.json in which every log and authority says since when it counts: the library
 * takes one that does not for one that always did. Throws `trust_root`.
 */
export function parseTrustMaterial(trustedRoot: string, key?: KeyObject): TrustMaterial {
  return refusingAs('trust_root', () => {
    const root = fieldsOf(parseStrictJson(Buffer.from(trustedRoot)));
    if (!MEDIA_TYPE.test(textOf(root['mediaType']))) throw refuse('trust_root');
    const tlogs = listOf(root['tlogs']).map(readLog);
    if (tlogs.length === 0) throw refuse('trust_root');
    return {
      tlogs,
      ctlogs: listOf(root['ctlogs']).map(readLog),
      certificateAuthorities: listOf(root['certificateAuthorities']).map(readAuthority),
      timestampAuthorities: listOf(root['timestampAuthorities']).map(readAuthority),
      publicKey: () => {
        if (key === undefined) throw refuse('wrong_material');
        return { publicKey: key, validFor: () => true };
      },
    };
  });
}

function readLog(value: unknown): Log {
  const { baseUrl, publicKey, checkpointKeyId, logId } = fieldsOf(value);
  const { rawBytes, validFor } = fieldsOf(publicKey);
  return {
    // A log without an address signs no checkpoint that holds; certificate logs need none.
    baseURL: typeof baseUrl === 'string' ? baseUrl : '',
    logID: bytesOf(fieldsOf(checkpointKeyId ?? logId)['keyId']),
    publicKey: readPublicKey(bytesOf(rawBytes)),
    validFor: readPeriod(validFor),
  };
}

/** Some roots write an RSA key in the older form; the two cannot be taken for each other. */
function readPublicKey(key: Buffer<ArrayBuffer>): KeyObject {
  try {
    return createPublicKey({ key, format: 'der', type: 'spki' });
  } catch {
    return createPublicKey({ key, format: 'der', type: 'pkcs1' });
  }
}

function readAuthority(value: unknown): Authority {
  const { certChain, validFor } = fieldsOf(value);
  const chain = listOf(fieldsOf(certChain)['certificates']);
  if (chain.length === 0 || chain.length > MAX_CHAIN) throw refuse('trust_root');
  return {
    certChain: chain.map((one) => X509Certificate.parse(bytesOf(fieldsOf(one)['rawBytes']))),
    validFor: readPeriod(validFor),
  };
}

function readPeriod(value: unknown): { readonly start: Date; readonly end: Date } {
  const { start, end } = fieldsOf(value);
  const period = {
    start: timeOf(start),
    end: end === undefined || end === null ? END_OF_TIME : timeOf(end),
  };
  if (period.start > period.end) throw refuse('trust_root');
  return period;
}

function timeOf(value: unknown): Date {
  const time = new Date(textOf(value));
  if (!TIME.test(textOf(value)) || Number.isNaN(time.getTime())) throw refuse('trust_root');
  return time;
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > MAX_AUTHORITIES) throw refuse('trust_root');
  return value;
}

function fieldsOf(value: unknown): Fields {
  if (!isRecord(value)) throw refuse('trust_root');
  return value;
}

function textOf(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw refuse('trust_root');
  return value;
}

function bytesOf(value: unknown): Buffer<ArrayBuffer> {
  if (!base64(value)) throw refuse('trust_root');
  const bytes = Buffer.from(textOf(value), 'base64');
  if (bytes.length === 0) throw refuse('trust_root');
  return bytes;
}
