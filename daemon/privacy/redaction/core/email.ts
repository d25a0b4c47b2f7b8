import { parse } from 'tldts';
import { isAlphanumericCode, joinsWord } from '../characters.ts';
import type { Candidate, Recognizer, ScannedText } from '../recognizer.ts';

/**
 * Of a dot-atom (RFC 5321, 6531), without what in a text stands before an address more often than in it (`=`, `&`,
 * `/`, `{`), and without the letters of scripts that write no spaces before one: Latin, Greek, Cyrillic, Armenian,
 * Hebrew, Arabic, Devanagari, Georgian and what belongs to them.
 */
const LOCAL =
  /^[A-Za-z0-9._%+'~\u00c0-\u024f\u0370-\u0587\u05d0-\u05ea\u0620-\u064a\u0900-\u097f\u10a0-\u10ff\u1e00-\u1fff-]$/;
/** What often stands before an address and is hardly ever part of one. */
const LEADING = /^[%'~.+-]+/;
const MAX_LOCAL_CHARS = 64;
const MAX_DOMAIN_CHARS = 253;
const DOMAIN = /[\p{L}\p{N}\p{M}-]{1,63}(?:\.[\p{L}\p{N}\p{M}-]{1,63}){1,126}/uy;
/** Names of networks of one's own, and of examples (RFC 2606, 6762, 8375): people write them as others write theirs. */
const RESERVED = /\.(?:example|test|invalid|local|localdomain|internal|intranet|lan|corp|home)$/i;
/** How many words of a sentence that go on without a space are taken off its end. */
const MAX_SHORTENINGS = 8;

export const emailRecognizer: Recognizer = {
  id: 'email',
  entities: ['EMAIL_ADDRESS'],
  scan: findEmails,
};

function* findEmails({ text }: ScannedText): Iterable<Candidate | undefined> {
  let done = 0;
  let count = 0;
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    if ((count += 1) % 256 === 0) yield undefined;
    // Each part of the text is read as a local part once, whatever number of `@` follows it.
    const start = readLocal(text, Math.max(done, at - MAX_LOCAL_CHARS), at);
    done = at + 1;
    const end = start === at ? at : readDomain(text, at + 1);
    if (start === at || end <= at + 1 || isRepository(text, { start, at, end })) continue;
    yield { entity: 'EMAIL_ADDRESS', start, end, score: 0.95, reason: 'email-public-suffix' };
  }
}

/** `git@github.com:owner/name`: the account that everyone has. */
function isRepository(
  text: string,
  { start, at, end }: { readonly start: number; readonly at: number; readonly end: number },
): boolean {
  return text.slice(start, at) === 'git' && /^[:/][^\s]/.test(text.slice(end, end + 2));
}

/** Where the local part before `at` begins; `at` itself if there is none. */
function readLocal(text: string, least: number, at: number): number {
  const last = text.charCodeAt(at - 1);
  if (text[at - 1] === '"') return readQuoted(text, least, at);
  if (Number.isNaN(last) || text[at - 1] === '.') return at;
  let start = at;
  while (start > least && isLocal(text, start - 1)) start -= 1;
  start += LEADING.exec(text.slice(start, at))?.[0].length ?? 0;
  const isCut = start === least && joinsWord(text, start - 1);
  return isCut || text.slice(start, at).includes('..') ? lastDoubleDot(text, start, at) : start;
}

function isLocal(text: string, at: number): boolean {
  return isAlphanumericCode(text.charCodeAt(at)) || LOCAL.test(text.charAt(at));
}

/** Behind the last `..`, or all of it where there is none: what goes on before 64 characters is cut there. */
function lastDoubleDot(text: string, start: number, at: number): number {
  const dots = text.lastIndexOf('..', at);
  return dots >= start ? dots + 2 : start;
}

function readQuoted(text: string, least: number, at: number): number {
  const open = text.lastIndexOf('"', at - 2);
  return open >= least && !/[\s<>]/.test(text.slice(open, at)) ? open : at;
}

/** Where the domain from `start` on ends: as far as it has a public suffix, without what a sentence puts behind it. */
function readDomain(text: string, start: number): number {
  DOMAIN.lastIndex = start;
  if (!DOMAIN.test(text)) return readAddressLiteral(text, start);
  let end = Math.min(DOMAIN.lastIndex, start + MAX_DOMAIN_CHARS);
  for (let left = MAX_SHORTENINGS; !isDomain(text.slice(start, end)); left -= 1) {
    if (left === 0 || end === start) return start;
    const shorter = Math.max(
      text.lastIndexOf('.', end - 1),
      lastAsciiEnd(text, start, end),
      lastSentenceStart(text, start, end),
    );
    end = shorter > start ? shorter : start;
  }
  return end;
}

function isDomain(host: string): boolean {
  if (/^[-.]|[-.]$|-\.|\.-|\.\./.test(host)) return false;
  const { isIcann, domain, isPrivate } = parse(host);
  if (RESERVED.test(host)) return true;
  return (isIcann === true || isPrivate === true) && domain !== null;
}

/** In scripts without spaces, a sentence goes on right behind an address: where its ASCII part ends. */
function lastAsciiEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && !isAlphanumericCode(text.charCodeAt(at - 1))) at -= 1;
  return at < end ? at : -1;
}

/** Where the space between an address and the next sentence is missing: `ann@example.orgThanks`. */
function lastSentenceStart(text: string, start: number, end: number): number {
  const found = /[a-z](?=[A-Z][a-z]+$)/.exec(text.slice(start, end));
  return found === null ? -1 : start + found.index + 1;
}

/** `[192.0.2.1]`, as RFC 5321 allows it. */
function readAddressLiteral(text: string, start: number): number {
  const literal = /\[(?:\d{1,3}(?:\.\d{1,3}){3}|IPv6:[0-9a-fA-F:.]{2,45})\]/y;
  literal.lastIndex = start;
  return literal.test(text) ? literal.lastIndex : start;
}
