import { isDigitAt, joinsWord } from '../characters.ts';
import { raiseScore } from '../context-score.ts';
import type { Candidate, Recognizer, ScannedText, ScanSettings } from '../recognizer.ts';

const MONTHS =
  '(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)';
/** As German, French, Spanish, Italian, Portuguese and Dutch have them. */
const MONTHS_ELSEWHERE =
  '(?:jan[uv]i?e?i?ro?|januari?|jänner|enero|gennaio|febr?uari?|février|febrero|febbraio|fevereiro|märz|mars|marzo|março|maart|abril|aprile?|avril|mai|mayo|maggio|maio|mei|juni?|juin|junio|giugno|junho|juli|juillet|julio|luglio|julho|août|agosto|augustus|septembre|septiembre|settembre|setembro|o[ck]tobre|oktober|octubre|ottobre|outubro|noviembre|novembre|novembro|dezember|décembre|diciembre|dicembre|dezembro)';
const DATES: readonly {
  readonly id: string;
  readonly shape: RegExp;
  readonly score: number;
  /** Nothing but behind a word for births. */
  readonly isBirth?: boolean;
}[] = [
  {
    id: 'date-iso',
    shape:
      /(?<y>(?:1[89]|20)\d\d)([-/.])(?<m>\d{1,2})\2(?<d>\d{1,2})(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?/y,
    score: 0.4,
  },
  {
    id: 'date-numeric',
    shape: /(?<a>\d{1,2})([-/.])(?<b>\d{1,2})\2(?<y>(?:1[89]|20)\d\d)/y,
    score: 0.4,
  },
  { id: 'date-short', shape: /(?<a>\d{1,2})([-/])(?<b>\d{1,2})\2\d\d/y, score: 0.36 },
  { id: 'date-short-dots', shape: /(?<a>\d{1,2})\.(?<b>\d{1,2})\.\d\d/y, score: 0.2 },
  {
    id: 'date-month-name',
    shape: new RegExp(
      `(?<d>\\d{1,2})(?:st|nd|rd|th)?(?:[- ]| of )${MONTHS}\\.?(?:,? |-)(?:(?:1[89]|20)\\d\\d|'?\\d\\d(?!\\d))`,
      'iy',
    ),
    score: 0.4,
  },
  {
    id: 'date-month-elsewhere',
    shape: new RegExp(
      `(?<d>\\d{1,2})(?:er|[.º°])?(?: de)? ${MONTHS_ELSEWHERE}(?: del?)? (?:1[89]|20)\\d\\d`,
      'iuy',
    ),
    score: 0.4,
  },
  {
    id: 'date-cjk',
    shape: /(?<y>(?:1[89]|20)\d\d)[年년] ?(?<m>\d{1,2})[月월] ?(?<d>\d{1,2})[日일]/y,
    score: 0.4,
  },
  { id: 'date-day-month', shape: new RegExp(`(?<d>\\d{1,2})-${MONTHS}`, 'iy'), score: 0.36 },
  { id: 'date-month-year', shape: /(?<m>\d{1,2})\/(?:1[89]|20)\d\d/y, score: 0.15 },
  {
    id: 'date-compact',
    shape: /(?<y>(?:19|20)\d\d)(?<m>\d\d)(?<d>\d\d)/y,
    score: 0.05,
    isBirth: true,
  },
  {
    id: 'date-spaced',
    shape: /(?<a>\d{1,2})(\. | ?\/ | - | )(?<b>\d{1,2})\2(?:19|20)\d\d/y,
    score: 0.05,
    isBirth: true,
  },
  {
    id: 'date-spaced-iso',
    shape: /(?:19|20)\d\d(\. |\/ | )(?<m>\d{1,2})\1(?<d>\d{1,2})/y,
    score: 0.05,
    isBirth: true,
  },
  {
    id: 'date-any-month',
    shape: /(?<d>\d{1,2})\.?(?:-| | de | da )\p{L}{3,12}[.,]?(?: |-| de )(?:19|20)\d\d/uy,
    score: 0.05,
    isBirth: true,
  },
  { id: 'date-part', shape: /(?<a>\d{1,2})\/(?<b>\d{1,2})/y, score: 0.05 },
];
const START = new RegExp(
  `\\d{8}(?!\\d)|\\d{1,4}(?=[-/. stnreº°年년])|(?<![A-Za-z])${MONTHS}(?=[. -])`,
  'gi',
);
const NAMED = new RegExp(
  `${MONTHS}\\.?[ -](?:(?<d>\\d{1,2})(?:st|nd|rd|th)?(?:, ?|[ -])(?:1[89]|20)\\d\\d|(?:1[89]|20)\\d\\d)`,
  'iy',
);
const BIRTH: ReadonlySet<string> = new Set(
  [
    'birth birthday birthdate born dob d.o.b bday',
    'geboren geburtsdatum gebdatum geburtstag geb geboortedatum geboortedag född født fødselsdato födelsedatum syntynyt syntymäaika',
    'né née naissance naiss nacimiento nac nasc nacido nacida nació nato nata nascita nascimento nascido nascida născut',
    'födelsedag fødselsdag syntymäpäivä lahir rođen rođena születési născută рожд',

    'urodzony urodzona urodzenia narozen narozena narození született doğum рождения родился родилась народження',
    'γέννησης γεννήθηκε 生年月日 生まれ 出生 生日 생년월일 생일 출생 לידה الميلاد ولد تولد เกิด जन्म',
  ].flatMap((line) => line.split(' ')),
);
/** Dates of births are looked for; of all others only those who ask for all dates hear. */
const PLAIN_SCORE = 0.3;
const DATED: ReadonlySet<string> = new Set(['date', 'dated', 'today', 'datum', 'fecha', 'data']);
const NUMBERED: ReadonlySet<string> = new Set([
  ...['version', 'versions', 'v', 'ver', 'release', 'section', 'chapter', 'build', 'rev', 'figure'],
]);

export const dateRecognizer: Recognizer = {
  id: 'date',
  entities: ['DATE_TIME'],
  scan: findDates,
};

function* findDates(
  scanned: ScannedText,
  { hasAllDates = false }: ScanSettings,
): Iterable<Candidate | undefined> {
  const { text } = scanned;
  let done = 0;
  let count = 0;
  for (const { 0: first, index } of text.matchAll(START)) {
    if ((count += 1) % 256 === 0) yield undefined;
    if (index < done || !isFreeBefore(text, index)) continue;
    const read = isDigitAt(first, 0) ? readDate(scanned, index) : readNamed(text, index);
    if (read === undefined) continue;
    done = read.end;
    const found = scoreDate(scanned, index, read);
    const isPlain = !hasAllDates && !found.reason.endsWith('+birth');
    const score = isPlain ? Math.min(found.score, PLAIN_SCORE) : found.score;
    yield { entity: 'DATE_TIME', start: index, ...found, score };
  }
}

interface ReadDate {
  readonly id: string;
  readonly end: number;
  readonly score: number;
}

function readDate(scanned: ScannedText, start: number): ReadDate | undefined {
  const { text } = scanned;
  for (const { id, shape, score, isBirth = false } of DATES) {
    shape.lastIndex = start;
    const match = shape.exec(text);
    if (match === null || !isFreeBehind(text, shape.lastIndex)) continue;
    const end = shape.lastIndex;
    if (!isDate(match.groups ?? {})) continue;
    if (!isBirth || scanned.hasWordBefore(start, BIRTH)) return { id, score, end };
  }
  return undefined;
}

function readNamed(text: string, start: number): ReadDate | undefined {
  NAMED.lastIndex = start;
  const match = NAMED.exec(text);
  if (match === null || !isFreeBehind(text, NAMED.lastIndex)) return undefined;
  const { d: day } = match.groups ?? {};
  if (!isDate({ d: day })) return undefined;
  return { id: 'date-month-name', score: day === undefined ? 0.3 : 0.4, end: NAMED.lastIndex };
}

/** `a` and `b` are day and month in either order. */
function isDate({ a, b, d, m }: Readonly<Record<string, string | undefined>>): boolean {
  if (a !== undefined && b !== undefined) {
    return (isDay(a) && isMonth(b)) || (isMonth(a) && isDay(b));
  }
  return (d === undefined || isDay(d)) && (m === undefined || isMonth(m));
}

function isDay(written: string): boolean {
  return Number(written) >= 1 && Number(written) <= 31;
}

function isMonth(written: string): boolean {
  return Number(written) >= 1 && Number(written) <= 12;
}

function isFreeBefore(text: string, start: number): boolean {
  const before = text[start - 1];
  if (joinsWord(text, start - 1)) return false;
  // `DOB:` names what follows; only a digit before the colon makes it a time.
  if (before === ':') return !isDigitAt(text, start - 2);
  return !(before !== undefined && '.-/'.includes(before) && joinsWord(text, start - 2));
}

function isFreeBehind(text: string, end: number): boolean {
  if (joinsWord(text, end)) return false;
  const after = text[end];
  return !(after !== undefined && '.-/'.includes(after) && isDigitAt(text, end + 1));
}

function scoreDate(
  scanned: ScannedText,
  start: number,
  { id, end, score }: ReadDate,
): Pick<Candidate, 'end' | 'score' | 'reason'> {
  if (scanned.hasWordBefore(start, BIRTH)) {
    return { end, score: raiseScore(score), reason: `${id}+birth` };
  }
  if (scanned.hasWordBefore(start, NUMBERED, 16)) return { end, score: 0.05, reason: id };
  const isDated = score < 0.4 && id !== 'date-part' && scanned.hasWordBefore(start, DATED, 24);
  return { end, score: isDated ? 0.4 : score, reason: isDated ? `${id}+context` : id };
}
