import { isAlphanumericCode, joinsWord } from '../characters.ts';
import { raiseScore } from '../context-score.ts';
import type { Candidate, Recognizer, ScannedText } from '../recognizer.ts';

const MAC =
  /(?<![0-9A-Za-z_.:-])(?:[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})/y;
/** The first sign between its bytes, which is rare: hexadecimal digits are in every word. */
const SIGN = /[:-](?=[0-9A-Fa-f]{2}[:-])|\.(?=[0-9A-Fa-f]{4}\.)/g;
const CONTEXT: ReadonlySet<string> = new Set([
  ...[
    'mac',
    'macs',
    'ethernet',
    'hardware',
    'physical',
    'hwaddr',
    'ether',
    'lladdr',
    'bssid',
    'wifi',
  ],
  ...['bluetooth', 'nic', 'interface', 'address'],
]);

export const macAddressRecognizer: Recognizer = {
  id: 'mac-address',
  entities: ['MAC_ADDRESS'],
  scan: findMacAddresses,
};

function* findMacAddresses(scanned: ScannedText): Iterable<Candidate | undefined> {
  const { text } = scanned;
  let end = 0;
  for (const { 0: sign, index } of text.matchAll(SIGN)) {
    const start = index - (sign === '.' ? 4 : 2);
    if (start < end) continue;
    MAC.lastIndex = start;
    const match = MAC.exec(text);
    if (match === null) continue;
    end = start + match[0].length;
    if (!isFree(text, end) || /^(?:[0:.-]+|[fF:.-]+)$/.test(match[0])) continue;
    const hasContext = scanned.hasWordBefore(start, CONTEXT);
    const isDotted = match[1] === undefined;
    // Four digits three times, with dots between them, may be a version; nothing else looks like the others.
    if (isDotted && !hasContext && !/[A-Fa-f]/.test(match[0])) continue;
    const score = isDotted ? 0.4 : 0.6;
    yield {
      entity: 'MAC_ADDRESS',
      start,
      end,
      score: hasContext ? raiseScore(score) : score,
      reason: hasContext ? 'mac-address+context' : 'mac-address',
    };
  }
}

/** Neither a longer row of bytes nor a word. */
function isFree(text: string, end: number): boolean {
  if (joinsWord(text, end)) return false;
  const after = text[end];
  const isTied = after === ':' || after === '-' || after === '.';
  return !(isTied && isAlphanumericCode(text.charCodeAt(end + 1)));
}
