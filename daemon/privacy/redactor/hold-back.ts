/** The longest entity of several words that is found whole wherever a text is cut. */
export const HOLD_BACK_CHARS = 64;
/** The longest one without a space, as an address with credentials or a key. */
export const HOLD_BACK_TOKEN_CHARS = 2048;
/** The longest block between `-----BEGIN` and `-----END`: a key of 8192 bits has some 6,400. */
export const HOLD_BACK_BLOCK_CHARS = 16_384;
/** How far back words decide what the next ones are. */
const ARMING_REACH_CHARS = 48;
/** A word that announces a secret does so for so many words. */
const ARMED_WORDS = 3;

/** Words are parted by spaces; scripts that write none have words of one letter. */
const TOKEN =
  /[^\s\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff]+/gu;
const TOKEN_END =
  /[^\s\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff]$/u;
const MAX_PLAIN_CHARS = 24;
const PLAIN =
  /^[("'“”‘’«»¿¡*_#]*\p{L}[\p{L}\p{M}'’]*(?:[-–—]\p{L}[\p{L}\p{M}'’]*)*[.,;:!?)"'“”‘’«»…*_]*$/u;
const BULLET = /^[-–—*#>|•.,;:!?…"'“”‘’«»]{1,4}$/u;
/** Names of streets and months begin with a capital; small words may stand between them: `Rua de la Paz 5`. */
const CAPITAL = /^[^\p{L}]*\p{Lu}/u;
const SMALL = /^\p{Ll}{1,3}[.,]?$/u;
const LEADS =
  /^(jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|january|february|march|april|may|june|july|august|september|october|november|december|bearer|basic|calle|avenida|via|rue|rua|apt|suite|unit|box|po)[.,:]?$/i;
const ARMS =
  /[:=]["'*_]*$|^(pass(word|wort|phrase|code)?|pwd|secret|token|key|pin|bearer|basic)\b/i;
const INVISIBLE = /^\p{Default_Ignorable_Code_Point}$/u;
export const BLOCK_BEGIN = '-----BEGIN';
const BLOCK_END = /-----END[^\n]{0,64}?-----/;

/** How much of a text can no longer change, whatever follows. */
export interface Decision {
  /** Of the held text, from its start. */
  readonly decided: number;
  /** Whether anything in that could be an entity; else nobody needs to look. */
  readonly matters: boolean;
}

/** What of the text is already handed on, and what is not. */
export interface HeldText {
  readonly before: string;
  readonly held: string;
}

/**
 * Holds back the word that is not ended, what began less than 64 characters ago and may become an entity, and a block
 * that is not closed. With patterns of the caller's own, any word may begin one.
 */
export function decide(text: HeldText, { hasOwnPatterns }: { hasOwnPatterns: boolean }): Decision {
  const { before, held } = text;
  const tail = tailStart(held);
  const isTailTooLong = held.length - tail > HOLD_BACK_TOKEN_CHARS;
  const window = windowStart(held);
  const block = openBlockStart(held);
  const atMost = Math.min(isTailTooLong ? window : tail, block);
  if (hasOwnPatterns) return { decided: Math.min(atMost, window), matters: true };
  const base = before.length;
  const from = Math.max(0, base - ARMING_REACH_CHARS);
  // Words that may lead to an entity: from where they can still do so, and whether some stand right before.
  let run: number | undefined;
  let isLed = false;
  let matters = false;
  let armed = 0;
  for (const { 0: word, index } of (before.slice(from) + held).matchAll(TOKEN)) {
    const start = index + from - base;
    if (start >= atMost) break;
    const kind = armed > 0 ? 'hot' : kindOf(word);
    armed = ARMS.test(word) ? ARMED_WORDS : armed - 1;
    if (start + word.length <= 0) continue;
    if (kind === 'hot') {
      matters ||= isLed || start < window;
      // Within it an entity may begin anywhere.
      const isOpen = start + word.length > window;
      const first = run ?? Math.max(0, start, window);
      if (isOpen) return { decided: Math.min(first, atMost), matters };
    }
    if (kind === 'lead') {
      isLed = true;
      if (start >= window) run ??= start;
    } else if (kind !== 'small') {
      isLed = false;
      run = undefined;
    }
  }
  // A word too long to be held back is looked at as far as it goes.
  if (isTailTooLong) matters = true;
  return { decided: Math.max(0, Math.min(run ?? atMost, atMost)), matters };
}

/** Whether anything in the text could be an entity, given what stands before it. */
export function mayMatter({ before, held }: HeldText): boolean {
  const from = Math.max(0, before.length - ARMING_REACH_CHARS);
  let armed = 0;
  for (const { 0: word, index } of (before.slice(from) + held).matchAll(TOKEN)) {
    const isHeld = index + from + word.length > before.length;
    if (isHeld && (armed > 0 || kindOf(word) === 'hot')) return true;
    armed = ARMS.test(word) ? ARMED_WORDS : armed - 1;
  }
  return false;
}

/** Where the first word of a text ends. */
export function firstTokenEnd(text: string): number {
  const { value: token } = text.matchAll(TOKEN).next();
  return token === undefined || token.index > 0 ? 0 : token[0].length;
}

type TokenKind = 'hot' | 'lead' | 'small' | 'plain';

function kindOf(word: string): TokenKind {
  if (BULLET.test(word)) return 'small';
  if (word.length > MAX_PLAIN_CHARS || !PLAIN.test(word)) return 'hot';
  if (CAPITAL.test(word) || LEADS.test(word)) return 'lead';
  return SMALL.test(word) ? 'small' : 'plain';
}

/** The start of the word that the text ends with; its end where it ends with a space. */
function tailStart(held: string): number {
  let at = held.length;
  while (at > 0 && TOKEN_END.test(held.charAt(at - 1))) {
    at -= 1;
    if (held.length - at > HOLD_BACK_TOKEN_CHARS) break;
  }
  return at;
}

/** Where the last 64 characters that can be seen begin. */
function windowStart(held: string): number {
  let at = held.length;
  let visible = 0;
  const earliest = held.length - HOLD_BACK_TOKEN_CHARS;
  while (at > 0 && visible < HOLD_BACK_CHARS && at > earliest) {
    at -= 1;
    if (!INVISIBLE.test(held.charAt(at))) visible += 1;
  }
  return at;
}

function openBlockStart(held: string): number {
  const begin = held.lastIndexOf(BLOCK_BEGIN);
  const isOpen =
    begin >= 0 &&
    held.length - begin <= HOLD_BACK_BLOCK_CHARS &&
    !BLOCK_END.test(held.slice(begin));
  return isOpen ? begin : held.length;
}
