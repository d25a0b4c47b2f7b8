import * as z from 'zod';
import { isAppId } from './app-manifest.ts';
import { parseUnknown } from './parse-unknown.ts';
import { parseStrictJson, renderPath, StrictJsonError } from './strict-json.ts';
import { Digest } from './values.ts';

/** How long a revocation list may be, in bytes and in entries. */
export const REVOCATION_LIST_LIMITS = { maxBytes: 4 * 1024 * 1024, maxEntries: 10_000 } as const;

export const REVOCATION_LIST_SCHEMA = 'locara-revocations/v1';

const TARGETS = ['appId', 'manifestDigest', 'publisher', 'signer'] as const;

/** A person reads these words when an app stops: nothing in them may move the cursor or turn the text around. */
const Reason = z
  .string()
  .min(1)
  .max(500)
  .regex(
    /^[^\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]*$/u,
    'one line without control or direction characters',
  );
const Publisher = z
  .string()
  .max(64)
  .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, 'a publisher, as in app ids');
const SignerId = z
  .string()
  .max(4096)
  .regex(
    /^(?:(?:key:)?[A-Za-z0-9+/]{43}=|sigstore:[\x21-\x7e]+)$/,
    'a signer as `locara app show` names it, or the hint of a key',
  );

const Entry = z
  .strictObject({
    reason: Reason,
    advisory: z
      .url({ protocol: /^https$/ })
      .max(512)
      .optional(),
    appId: z.string().refine(isAppId, 'an app id, as publisher/name').optional(),
    versions: z.string().min(1).max(128).optional().describe('A range; every version when absent.'),
    manifestDigest: Digest.optional(),
    publisher: Publisher.optional(),
    signer: SignerId.optional(),
  })
  .refine(
    (entry) => TARGETS.filter((target) => entry[target] !== undefined).length === 1,
    `exactly one of ${TARGETS.join(', ')}`,
  )
  .refine((entry) => entry.versions === undefined || entry.appId !== undefined, {
    error: 'only beside appId',
    path: ['versions'],
  });

/** The kill switch's document: what is blocked, why, and until when this may be relied on. */
export const RevocationList = z
  .strictObject({
    schema: z.literal(REVOCATION_LIST_SCHEMA),
    seq: z.int().min(1).describe('Strictly higher than that of every list before.'),
    issuedAt: z.iso.datetime(),
    expires: z.iso.datetime(),
    entries: z.array(Entry).max(REVOCATION_LIST_LIMITS.maxEntries),
  })
  .refine(({ issuedAt, expires }) => Date.parse(issuedAt) < Date.parse(expires), {
    error: 'after issuedAt',
    path: ['expires'],
  });
export type RevocationList = z.output<typeof RevocationList>;
export type RevocationEntry = RevocationList['entries'][number];

/** Where a list breaks which rule; never its values. */
export interface RevocationListFinding {
  /** As `entries[3].versions`; empty for the document. */
  readonly path: string;
  readonly rule: string;
}

export interface RevocationListCheck {
  /** Present exactly when there are no errors. */
  readonly list?: RevocationList;
  /** At most twenty. */
  readonly errors: readonly RevocationListFinding[];
}

const MAX_FINDINGS = 20;

/** Checks the raw bytes of a revocation list. Whether a range of versions can be read is the daemon's to say. */
export function checkRevocationList(bytes: Uint8Array): RevocationListCheck {
  let document: unknown;
  try {
    document = parseStrictJson(bytes, REVOCATION_LIST_LIMITS);
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error;
    return { errors: [{ path: error.path, rule: error.rule }] };
  }
  const parsed = parseUnknown(RevocationList, document);
  if (parsed.success) return { list: parsed.data, errors: [] };
  const errors = parsed.issues.slice(0, MAX_FINDINGS).map((issue) => ({
    path: renderPath(issue.path),
    rule: issue.code === 'unrecognized_keys' ? 'no key but those of the schema' : issue.message,
  }));
  return { errors };
}
