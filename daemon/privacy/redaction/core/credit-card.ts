import { isDigitAt, joinsWord } from '../characters.ts';
import { isLuhn } from '../checksums/luhn.ts';
import type { Candidate, Recognizer, ScannedText } from '../recognizer.ts';

/** Sticky: in one piece, or in the groups that are embossed on cards, the longest first. */
const SHAPES: readonly RegExp[] = [
  /\d{12,19}/y,
  /\d{4}([ .-]|  )\d{4}\1\d{4}\1\d{4}\1\d{3}/y,
  /\d{4}([ .-]|  )\d{4}\1\d{4}\1\d{4}/y,
  /\d{4}([ .-]|  )\d{6}\1\d{4,5}/y,
  /\d{4}([ .-]|  )\d{5}\1\d{6}/y,
  /\d{4}([ .-]|  )\d{4}\1\d{4}\1\d{1,3}/y,
  /\d{4}([ .-]|  )\d{4}\1\d{4,5}/y,
  /\d{6}([ .-]|  )\d{6,13}/y,
];
const GROUP_BEHIND = /[ -]\d{4}(?!\d)/y;
const CARD_STARTS = /(?<![\dA-Za-z])\d{4}(?=\d{8}|\d\d[ .-] ?\d{6}|[ .-] ?\d{4})/g;

/** Who issues numbers of which lengths with which first digits (ISO/IEC 7812 and the networks' own tables). */
const ISSUERS: readonly (readonly [prefix: RegExp, lengths: readonly number[]])[] = [
  [/^4/, [13, 16, 18, 19]], // Visa
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]], // Mastercard
  [/^3[47]/, [15]], // American Express
  [/^3(?:0[0-5]|095)/, [14, 16, 17, 18, 19]], // Diners Club International
  [/^3[689]/, [14, 16, 17, 18, 19]], // Diners Club International
  [/^35(?:2[89]|[3-8])/, [16, 17, 18, 19]], // JCB
  [/^(?:2131|1800)/, [15]], // JCB
  [/^(?:6011|64[4-9]|65)/, [16, 17, 18, 19]], // Discover
  [/^(?:62|81)/, [16, 17, 18, 19]], // UnionPay
  [/^(?:50|5[6-9]|6[0137])/, [12, 13, 14, 15, 16, 17, 18, 19]], // Maestro, Dankort, RuPay, Verve, InterPayment
  [/^(?:220[0-4]|9792|8600|9860|82|508)/, [16, 17, 18, 19]], // Mir, Troy, Uzcard, Humo, RuPay
  [/^(?:2014|2149)/, [15]], // enRoute
  [/^1/, [15]], // UATP
];

const CONTEXT: ReadonlySet<string> = new Set([
  'american express',
  ...[
    'credit card cards cc debit visa mastercard maestro amex discover jcb diners unionpay rupay pan creditcard',
    'kreditkarte karte kartennummer kartennr kreditkartennummer bankkarte carte tarjeta carta cartão kaart kaartnummer',
    'kort kortnummer kreditkort kortti karta karty kartą kartę kart kartı карта карты карту карте картой κάρτα κάρτας',
    'カード 卡 카드 บัตร بطاقة כרטיס कार्ड thẻ kartu',
  ].flatMap((line) => line.split(' ')),
]);
/** Other numbers with a check digit, and counts of milliseconds. */
const OTHER_NUMBERS: ReadonlySet<string> = new Set([
  ...['ean', 'isbn', 'gtin', 'upc', 'imei', 'imsi', 'iccid', 'barcode', 'issn', 'sku', 'serial'],
  ...['timestamp', 'epoch', 'trace', 'span', 'traceid', 'nonce', 'tracking', 'parcel', 'vat', 'ts'],
]);

export const creditCardRecognizer: Recognizer = {
  id: 'credit-card',
  entities: ['CREDIT_CARD'],
  scan: findCards,
};

function* findCards(scanned: ScannedText): Iterable<Candidate | undefined> {
  const { text } = scanned;
  let count = 0;
  for (const { index } of text.matchAll(CARD_STARTS)) {
    if ((count += 1) % 1024 === 0) yield undefined;
    const card = readCard(text, index);
    if (card !== undefined) yield describe(scanned, { start: index, end: card.end }, card.digits);
  }
}

function readCard(
  text: string,
  start: number,
): { readonly end: number; readonly digits: string } | undefined {
  const shapes = isBehindGroup(text, start) ? SHAPES.slice(0, 1) : SHAPES;
  for (const shape of shapes) {
    shape.lastIndex = start;
    if (!shape.test(text)) continue;
    const end = shape.lastIndex;
    if (!standsAlone(text, start, end)) continue;
    const digits = text.slice(start, end).replaceAll(/\D/g, '');
    if (!isCardNumber(digits)) continue;
    GROUP_BEHIND.lastIndex = end;
    if (digits.length === end - start || !GROUP_BEHIND.test(text)) return { end, digits };
  }
  return undefined;
}

/** Whether it goes on a longer number in groups of four; `VISA` is no such group. */
function isBehindGroup(text: string, start: number): boolean {
  const separator = text[start - 1];
  if (separator !== ' ' && separator !== '-') return false;
  return /^(?=.*\d)[A-Z\d]{4}$/.test(text.slice(Math.max(0, start - 5), start - 1));
}

/** Not part of a longer number, of a decimal, or of a word. */
function standsAlone(text: string, start: number, end: number): boolean {
  if (joinsWord(text, start - 1) && text[start - 1] !== '_') return false;
  if (joinsWord(text, end) && text[end] !== '_') return false;
  const before = text[start - 1];
  const after = text[end];
  if (before !== undefined && '.-'.includes(before) && isDigitAt(text, start - 2)) return false;
  // One digit, a comma, and many more are a decimal number, unless they begin a row of a table.
  const isDecimal = before === ',' && isDigitAt(text, start - 2) && !isDigitAt(text, start - 3);
  if (isDecimal && !(isLineStart(text, start - 2) && after === ',')) return false;
  return !(after !== undefined && '.-'.includes(after) && isDigitAt(text, end + 1));
}

function isLineStart(text: string, at: number): boolean {
  return at === 0 || text[at - 1] === '\n';
}

/** 12 to 19 digits with a Luhn check digit that are not one digit again and again. */
function isCardNumber(digits: string): boolean {
  if (digits.length < 12 || digits.length > 19 || /^(\d)\1*$/.test(digits)) return false;
  return isLuhn(digits);
}

function isIssued(digits: string): boolean {
  return ISSUERS.some(
    ([prefix, lengths]) => lengths.includes(digits.length) && prefix.test(digits),
  );
}

/** One number in ten has a Luhn check digit by chance: lengths few cards have count little without a word for it. */
function describe(
  scanned: ScannedText,
  { start, end }: { readonly start: number; readonly end: number },
  digits: string,
): Candidate {
  const isGrouped = digits.length < end - start;
  const isUsual = (digits.length >= 14 && digits.length <= 16) || isGrouped;
  const candidate = { entity: 'CREDIT_CARD', start, end };
  const isKnown = isIssued(digits);
  if (scanned.hasWordBefore(start, CONTEXT)) {
    return { ...candidate, score: isKnown ? 1 : 0.65, reason: 'credit-card-luhn+context' };
  }
  const isOther = !isGrouped && scanned.hasWordBefore(start, OTHER_NUMBERS, 24);
  const score = isOther || !isKnown ? 0.1 : isUsual ? 0.75 : 0.3;
  return { ...candidate, score, reason: 'credit-card-luhn' };
}
