import { parse } from 'tldts';
import { isAlphanumericCode, joinsWord } from '../characters.ts';
import { listSchemes } from '../list-schemes.ts';
import type { Candidate, Recognizer, ScannedText } from '../recognizer.ts';

const MAX_URL_CHARS = 2048;
const SCHEME =
  /(?<![A-Za-z0-9+.-])(?:https?|wss?|ftps?|sftp|ssh|git|rtsp|redis|rediss|postgres|postgresql|mysql|mariadb|mongodb|mongodb\+srv|amqp|amqps|mqtt|mqtts|ldap|ldaps|smb|jdbc:[a-z]{2,12}):\/\//iy;
const BARE = /(?<![\w@./\\-])(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}(?![\w@(-])/iy;
const DOT = /[a-z0-9-]\.(?=[a-z0-9-])/gi;
const MAX_LABEL_CHARS = 63;
/** Names that are hardly ever anything but hosts; `.md`, `.py`, `.name` and `.info` are files and members too. */
const PLAIN_SUFFIXES = new Set(['com', 'org', 'edu', 'gov', 'net']);
const BODY = /[^\s<>"`{}|\\^\u0000-\u001f\u3000-\u303f\uff00-\uffef]/;
const TRAILING = new Set(['.', ',', ';', ':', '!', '?', "'", ')', ']', '*', '_', '~']);
const CREDENTIALS = /^[^/?#@\s]{1,256}@/;

export const urlRecognizer: Recognizer = { id: 'url', entities: ['URL'], scan: findUrls };

function* findUrls({ text }: ScannedText): Iterable<Candidate | undefined> {
  let done = 0;
  let count = 0;
  for (const { 0: scheme, index } of listUrlSchemes(text)) {
    if ((count += 1) % 256 === 0) yield undefined;
    if (index < done) continue;
    const end = readUrl(text, index, index + scheme.length);
    if (end === index) continue;
    done = end;
    yield describeUrl(text, { start: index, end }, index + scheme.length);
  }
  yield* findBareHosts(text);
}

/** Those that URLs begin with: in `jdbc:mysql://` the longer one. */
function* listUrlSchemes(text: string): Iterable<RegExpExecArray> {
  for (const { start, outerStart } of listSchemes(text)) {
    const found = matchAt(SCHEME, text, outerStart) ?? matchAt(SCHEME, text, start);
    if (found !== null) yield found;
  }
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Names with dots, found by their first dot: words are many, and dots within them few. */
function* listBareHosts(text: string): Iterable<RegExpExecArray> {
  let end = 0;
  for (const dot of text.matchAll(DOT)) {
    if (dot.index < end) continue;
    let start = dot.index;
    while (dot.index - start < MAX_LABEL_CHARS && isLabelCode(text.charCodeAt(start - 1)))
      start -= 1;
    const found = matchAt(BARE, text, start);
    if (found === null) continue;
    end = start + found[0].length;
    yield found;
  }
}

function isLabelCode(code: number): boolean {
  return isAlphanumericCode(code) || code === 45;
}

/** Where a URL ends, without what a sentence puts behind it; its beginning if there is no host. */
function readUrl(text: string, start: number, hostStart: number): number {
  const most = Math.min(text.length, start + MAX_URL_CHARS);
  let end = hostStart;
  let open = 0;
  while (end < most && BODY.test(text.charAt(end))) {
    if (text[end] === '(') open += 1;
    if (text[end] === ')' && (open -= 1) < 0) break;
    // The next URL of a list without spaces.
    if (text[end] === ':' && text.startsWith('://', end)) break;
    end += 1;
  }
  while (end > hostStart && TRAILING.has(text.charAt(end - 1))) {
    if (text[end - 1] === ')' && text.slice(hostStart, end).includes('(')) break;
    end -= 1;
  }
  return end > hostStart && /[\p{L}\p{N}[]/u.test(text.charAt(hostStart)) ? end : start;
}

function describeUrl(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
  hostStart: number,
): Candidate {
  const rest = text.slice(hostStart, end);
  if (CREDENTIALS.test(rest)) {
    return { entity: 'URL', start, end, score: 0.97, reason: 'url-credentials' };
  }
  // An address says more of whose it is than the URL around it.
  const isAddress = /^(?:\[|\d{1,3}(?:\.\d{1,3}){3}(?![\w.]))/.test(rest);
  return { entity: 'URL', start, end, score: isAddress ? 0.5 : 0.6, reason: 'url-scheme' };
}

function* findBareHosts(text: string): Iterable<Candidate | undefined> {
  let count = 0;
  for (const { 0: host, index } of listBareHosts(text)) {
    if ((count += 1) % 256 === 0) yield undefined;
    const start = index;
    if (joinsWord(text, start - 1) || text.startsWith('://', start - 3)) continue;
    const { isIcann, domain, publicSuffix } = parse(host);
    if (isIcann !== true || domain === null || publicSuffix === null) continue;
    const end = readPath(text, start + host.length);
    const isPlain = PLAIN_SUFFIXES.has(publicSuffix) || publicSuffix.includes('.');
    const score = /^www\./i.test(host) ? 0.55 : isPlain ? 0.4 : 0.2;
    yield { entity: 'URL', start, end, score, reason: 'url-public-suffix' };
  }
}

function readPath(text: string, hostEnd: number): number {
  if (!/[/?#]|:\d/.test(text.slice(hostEnd, hostEnd + 2))) return hostEnd;
  if (!/^(?:[/?#]|:\d)/.test(text.slice(hostEnd, hostEnd + 2))) return hostEnd;
  const end = readUrl(text, hostEnd - 1, hostEnd - 1);
  return Math.max(hostEnd, end);
}
