import { hash } from 'node:crypto';
import { type AuditEntry, canonicalJson } from '@locara/protocol';
import type { AuditFields } from './audit.ts';

/** The hash before the first entry. */
export const NO_HASH = '0'.repeat(64);
/** No entry is longer; a longer line is not read. */
export const MAX_LINE_BYTES = 16 * 1024;
const MAX_TEXT = 512;
const MAX_TEXTS = 16;
/** Numbers and truths: as many as there are kinds of content to count. */
const MAX_NUMBERS = 48;

/** An entry as it is on the disk: bound to the one before it. */
export interface ChainedEntry extends AuditEntry {
  readonly prev: string;
  /** SHA-256, in hex, of the canonical JSON of everything else here. */
  readonly hash: string;
}

/** The end of a piece of the chain. */
export interface ChainEnd {
  readonly n: number;
  readonly hash: string;
}

/** What is to become an entry. */
export interface Draft {
  /** ISO 8601. */
  readonly at: string;
  readonly event: string;
  readonly appId?: string | undefined;
  readonly fields: AuditFields;
}

/** The next line of the chain, without its line feed, and the end that it makes. */
export function linkEntry(end: ChainEnd, draft: Draft): { line: string; end: ChainEnd } {
  const { at, event, appId } = draft;
  const unhashed = {
    ...(appId === undefined ? {} : { appId: appId.slice(0, MAX_TEXT) }),
    at,
    event,
    fields: boundFields(draft.fields),
    n: end.n + 1,
    prev: end.hash,
  };
  const own = hashOf(unhashed);
  return {
    line: canonicalJson({ ...unhashed, hash: own }),
    end: { n: unhashed.n, hash: own },
  };
}

/** The entry that follows `end`; undefined unless the line is, byte for byte, what the daemon writes for it. */
export function readEntry(line: string, end: ChainEnd): ChainedEntry | undefined {
  const entry = parseEntry(line);
  if (entry?.n !== end.n + 1 || entry.prev !== end.hash) return undefined;
  const { hash: own, ...unhashed } = entry;
  return own === hashOf(unhashed) && line === canonicalJson({ ...entry }) ? entry : undefined;
}

/** The entry of a line that was verified before. */
export function toAuditEntry({ n, at, event, appId, fields }: ChainedEntry): AuditEntry {
  return { n, at, event, ...(appId === undefined ? {} : { appId }), fields };
}

/** The entry that a line claims to be; its hashes are not looked at. */
export function parseEntry(line: string): ChainedEntry | undefined {
  if (line.length > MAX_LINE_BYTES) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isEntry(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function hashOf(entry: Omit<ChainedEntry, 'hash'>): string {
  return hash('sha256', canonicalJson({ ...entry }));
}

/** Few and short fields, whatever the caller had: a number that JSON has no word for becomes text. */
function boundFields(fields: AuditFields): AuditFields {
  const pairs = Object.entries(fields).map(([key, value]): [string, string | number | boolean] => {
    if (typeof value === 'string') return [key, value.slice(0, MAX_TEXT)];
    return [key, typeof value === 'number' && !Number.isFinite(value) ? String(value) : value];
  });
  const texts = pairs.filter(([, value]) => typeof value === 'string').slice(0, MAX_TEXTS);
  const others = pairs.filter(([, value]) => typeof value !== 'string').slice(0, MAX_NUMBERS);
  return Object.fromEntries([...texts, ...others]);
}

const TEXTS = ['at', 'event', 'prev', 'hash'];

function isEntry(value: unknown): value is ChainedEntry {
  if (!isRecord(value) || !isRecord(value['fields'])) return false;
  const { n, appId, fields } = value;
  if (!Number.isSafeInteger(n) || (appId !== undefined && typeof appId !== 'string')) return false;
  if (!TEXTS.every((key) => typeof value[key] === 'string')) return false;
  return Object.values(fields).every((field) =>
    ['string', 'number', 'boolean'].includes(typeof field),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
