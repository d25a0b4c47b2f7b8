import { isAlphanumericCode, isDigitAt, isDigitCode, joinsWord } from '../characters.ts';
import { raiseScore } from '../context-score.ts';
import type { Candidate, Recognizer, ScannedText } from '../recognizer.ts';

/** Whole runs are read at once, and only then judged: what is too long for an address is none, anywhere in it. */
const DOTTED = /(?<!\d)\d{1,3}(?:\.\d+){3,}/g;
const COLONS = /(?<![0-9A-Fa-f:])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*(?:\.\d+)*/y;
/** From its first colon: hexadecimal digits are in every word. */
const FROM_COLON = /:[0-9A-Fa-f:]*/g;
const OCTET = /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/;
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
const COLON = 58;
const IPV4_SUFFIX = /\/(?:3[0-2]|[12]?\d)(?![\d.])/y;
const IPV6_SUFFIX =
  /(?:%[0-9A-Za-z_.-]{0,14}[0-9A-Za-z])?(?:\/(?:12[0-8]|1[01]\d|[1-9]?\d)(?![\d.]))?/y;
const CONTEXT: ReadonlySet<string> = new Set([
  ...[
    'ip',
    'ips',
    'ipv4',
    'ipv6',
    'host',
    'server',
    'gateway',
    'dns',
    'router',
    'subnet',
    'network',
  ],
  ...['src', 'dst', 'client', 'client_ip', 'remote', 'addr', 'address', 'ping', 'ssh', 'route'],
]);
const NUMBERED: ReadonlySet<string> = new Set([
  ...[
    'version',
    'versions',
    'v',
    'ver',
    'release',
    'section',
    'sections',
    'sec',
    'chapter',
    'clause',
  ],
  ...[
    'paragraph',
    'para',
    'oid',
    'build',
    'firmware',
    'fw',
    'revision',
    'rev',
    'upgrade',
    'figure',
  ],
  ...['table', 'appendix', 'annex', 'article', 'rule', 'driver', 'assemblyversion', 'fileversion'],
  ...[
    'rv',
    'bump',
    'bumps',
    'bumped',
    'upgraded',
    'upgrades',
    'kapitel',
    'abschnitt',
    'absatz',
    'ziffer',
  ],
  ...[
    'paragraf',
    'paragraphe',
    'chapitre',
    'artículo',
    'sección',
    'capítulo',
    'sezione',
    'capitolo',
  ],
  ...['art', 'lemma', 'theorem', 'satz', 'corollary', 'definition', 'requirement', 'step'],
  ...['nuget', 'npm', 'package', 'dll', 'sdk', 'jdk', 'jre', 'plugin', 'hotfix', 'downgrade'],
  ...['downgraded', 'upgrading', 'changelog', 'semver', 'pkgver'],
  ...['artikel', 'hoofdstuk', 'versión', 'versione', 'версия', 'глава', 'раздел', 'пункт'],
]);
const NEAR_CHARS = 24;
const NEXT_OF_ROW = /^ ?(?:,|;|\/|-|–|->|→|to|and|or|bis|und|oder|et|à|y|a|e) ?$/;

interface Span {
  readonly start: number;
  readonly end: number;
}

export const ipAddressRecognizer: Recognizer = {
  id: 'ip-address',
  entities: ['IP_ADDRESS'],
  scan: function* (scanned) {
    yield* findIpv4(scanned);
    yield* findIpv6(scanned);
  },
};

function* findIpv4(scanned: ScannedText): Iterable<Candidate | undefined> {
  const { text } = scanned;
  let numberedEnd = -1;
  for (const { 0: run, index } of text.matchAll(DOTTED)) {
    if (run.length > 24 || !isFreeBefore(text, index)) continue;
    const octets = run.split('.');
    // tcpdump writes a port behind a fifth dot; otherwise five numbers are no address.
    if (octets.length > 5 || !octets.slice(0, 4).every((octet) => OCTET.test(octet))) continue;
    if (octets.length === 5 && !isWithPort(octets)) continue;
    const end = index + octets.slice(0, 4).join('.').length;
    if (octets.length === 4 && joinsWord(text, end)) continue;
    if (isNumbering(scanned, index, numberedEnd)) {
      numberedEnd = end;
      continue;
    }
    const found = describe(
      scanned,
      { start: index, end: readSuffix(IPV4_SUFFIX, text, end) },
      'ipv4',
    );
    const numbers = octets.slice(0, 4).map(Number);
    const isUnlikely = looksLikeVersion(numbers) && !isBacked(text, found);
    if (isMask(numbers)) yield { ...found, score: 0.1 };
    else yield isUnlikely ? { ...found, score: 0.3 } : found;
  }
}

/** A version or a section: by the word or sign before it, or as the next of a row that began with one. */
function isNumbering(scanned: ScannedText, start: number, numberedEnd: number): boolean {
  const { text } = scanned;
  if (scanned.hasWordBefore(start, NUMBERED, NEAR_CHARS)) return true;
  if (/§ ?$/.test(text.slice(Math.max(0, start - 2), start))) return true;
  const between =
    numberedEnd === -1 || start - numberedEnd > 8 ? 'far' : text.slice(numberedEnd, start);
  return NEXT_OF_ROW.test(between);
}

/** Nothing but zeros behind the first, or four small numbers: one public address in a hundred has them, and nearly all versions and sections. */
function looksLikeVersion(octets: readonly number[]): boolean {
  if (octets[0] === 0 || octets[0] === 10) return false;
  if (octets.slice(1).every((octet) => octet === 0)) return true;
  return octets.every((octet) => octet < 50) && new Set(octets).size > 1;
}

/** By a word for addresses, a port or a length of its prefix, a user or a scheme, or since nothing else is on its line. */
function isBacked(text: string, { start, end, reason }: Candidate): boolean {
  if (reason.endsWith('+context')) return true;
  if (text.slice(start, end).includes('/') || /^:\d{2,5}(?!\d)/.test(text.slice(end, end + 7))) {
    return true;
  }
  if (/(?:[@[]|\/\/)$/.test(text.slice(Math.max(0, start - 2), start))) return true;
  const before = text.slice(Math.max(0, start - 8), start);
  return /(?:^|\n)["'\s>-]*$/.test(before) && /^["',\s<]*(?:\n|$)/.test(text.slice(end, end + 8));
}

/** Masks, and addresses that begin with 0, are nobody's (RFC 1122, 3.2.1.3); `0.0.0.0` and the broadcast are in use. */
function isMask(octets: readonly number[]): boolean {
  const bits = octets.map((octet) => octet.toString(2).padStart(8, '0')).join('');
  if (octets[0] === 0) return bits.includes('1');
  return octets[0] === 255 && /^1+0+$/.test(bits);
}

function isWithPort(octets: readonly string[]): boolean {
  return octets[0] === '192' && octets[1] === '168' && Number(octets[4]) <= 65_535;
}

/** No word, no number that goes on, no path or option: `v1.2.3.4`, `a-1.2.3.4`, `1.1.2.3.4`. */
function isFreeBefore(text: string, start: number): boolean {
  const before = text[start - 1];
  if (joinsWord(text, start - 1)) return false;
  if (before === '.' || before === '-') return !isAlphanumericCode(text.charCodeAt(start - 2));
  return true;
}

function* findIpv6(scanned: ScannedText): Iterable<Candidate | undefined> {
  const { text } = scanned;
  for (const { 0: run, index } of listColonRuns(text)) {
    if (run.length < 2 || run.length > 64) continue;
    const span = readIpv6(text, index, run);
    if (span === undefined) continue;
    const end = readSuffix(IPV6_SUFFIX, text, span.end);
    if (joinsWord(text, end)) continue;
    const found = describe(scanned, { ...span, end }, 'ipv6');
    const isPlain = isPlainCode(text.slice(span.start, span.end));
    yield isPlain && !found.reason.endsWith('+context') ? { ...found, score: 0.05 } : found;
  }
}

function* listColonRuns(text: string): Iterable<RegExpExecArray> {
  let end = 0;
  for (const { index } of text.matchAll(FROM_COLON)) {
    let start = index;
    while (index - start < 5 && isHexCode(text.charCodeAt(start - 1))) start -= 1;
    if (start < end) continue;
    COLONS.lastIndex = start;
    const found = COLONS.exec(text);
    if (found === null) continue;
    end = start + found[0].length;
    yield found;
  }
}

function isHexCode(code: number): boolean {
  const lower = code | 32;
  return isDigitCode(code) || (lower >= 97 && lower <= 102);
}

/** `::`, `[::2]`, `A::B` and `1::2` are a lot of code; `::1` is this machine. */
function isPlainCode(address: string): boolean {
  if (address === '::1' || address.includes('.')) return false;
  const groups = address.split(':').filter((group) => group !== '');
  if (groups.every((group) => group.length < 3) && groups.length < 8) return true;
  return groups.length < 3 && !/\d/.test(address);
}

/** `run` without a colon that only stands behind it in a sentence, if that is an address and no word goes on with it. */
function readIpv6(text: string, start: number, run: string): Span | undefined {
  if (joinsWord(text, start - 1) || text[start - 1] === '.') return undefined;
  const isTrailed = run.endsWith(':') && !run.endsWith('::');
  const address = isTrailed ? run.slice(0, -1) : run;
  const end = start + address.length;
  if (joinsWord(text, end)) return undefined;
  if (text[end] === '.' && isDigitAt(text, end + 1)) return undefined;
  return isIpv6(address) ? { start, end } : undefined;
}

/** RFC 4291: eight groups, of which one row of zeros may be `::`, and the last two may be written as IPv4. */
function isIpv6(address: string): boolean {
  const dotAt = address.indexOf('.');
  if (dotAt === -1) return hasGroups(address, 8);
  const mappedAt = address.lastIndexOf(':', dotAt) + 1;
  const mapped = address.slice(mappedAt);
  if (!IPV4.test(mapped) || !mapped.split('.').every((octet) => OCTET.test(octet))) return false;
  // As two groups more.
  return hasGroups(`${address.slice(0, mappedAt)}0:0`, 8);
}

/** So many groups, or fewer beside one `::`. Looks at each character once: texts full of addresses are long. */
function hasGroups(address: string, wanted: number): boolean {
  let groups = 0;
  let digits = 0;
  let gaps = 0;
  for (let at = 0; at < address.length; at += 1) {
    const code = address.charCodeAt(at);
    if (code !== COLON) {
      if (!isHexCode(code)) return false;
      digits += 1;
      if (digits === 1) groups += 1;
      if (digits > 4) return false;
      continue;
    }
    const isGap = address.charCodeAt(at + 1) === COLON;
    // One alone stands between two groups.
    if (!isGap && (digits === 0 || at + 1 === address.length)) return false;
    if (isGap) {
      gaps += 1;
      at += 1;
    }
    digits = 0;
  }
  return gaps === 0 ? groups === wanted : gaps === 1 && groups < wanted;
}

function readSuffix(suffix: RegExp, text: string, end: number): number {
  suffix.lastIndex = end;
  return suffix.test(text) ? suffix.lastIndex : end;
}

function describe(scanned: ScannedText, { start, end }: Span, rule: string): Candidate {
  const hasContext = scanned.hasWordBefore(start, CONTEXT);
  return {
    entity: 'IP_ADDRESS',
    start,
    end,
    score: hasContext ? raiseScore(0.6) : 0.6,
    reason: hasContext ? `${rule}+context` : rule,
  };
}
