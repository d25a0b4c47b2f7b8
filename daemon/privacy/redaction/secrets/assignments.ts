import type { Candidate, Recognizer } from '../recognizer.ts';

/** What a password or a key is called, where something is given for it: `DB_PASSWORD=`, `"apiKey": `, `password is `. */
const NAME =
  /(pass(?:word|wd|phrase|code)|pwd|passwort|kennwort|contraseña|mot de passe|secret|token|api[_ -]?key|(?:access|account|auth|encryption|private|secret|signing|client)[_ -]?key|credentials?)(?:[_-]?(?:key|id|value))?["'`]?(\s{0,4}(?:=>|:=|=|:)\s{0,4}|\s(?:is|ist|es|est)\s{1,2})(?=\S)/gi;

const QUOTED = /(["'`])([^"'`\r\n]{4,512})\1/y;
const PLAIN = /[^\s"'`<>,;|]{4,128}/y;

/** Stands for a value, or computes one, and is none. */
const PLACEHOLDER =
  /^(?:null|none|undefined|nil|true|false|string|number|boolean|required|optional|redacted|hidden|empty|secret|token|password|passwort|x{3,}|\*{3,}|\.{3,}|•{3,}|-{3,}|_{3,}|your[_-].{0,64}|my[_-].{0,64}|example.{0,64}|\$\{?.{0,128}|%.{0,64}%|\{\{.{0,128}|\[.{0,128}|<.{0,128}|https?:.{0,512})$/i;
const EXPRESSION =
  /[([]|^(?:process\.env|os\.|env\.|config\.|settings\.|self\.|this\.|req\.|params\.|input\.)|=>/;

interface Given {
  readonly start: number;
  readonly value: string;
  readonly isQuoted: boolean;
}

function readValue(text: string, from: number): Given | undefined {
  QUOTED.lastIndex = from;
  const quoted = QUOTED.exec(text)?.[2];
  if (quoted !== undefined) return { start: from + 1, value: quoted, isQuoted: true };
  PLAIN.lastIndex = from;
  const plain = PLAIN.exec(text)?.[0].replace(/[.:!?)\]}]{1,8}$/, '');
  return plain === undefined ? undefined : { start: from, value: plain, isQuoted: false };
}

/** Words in quotes are a message (`"Please enter your password"`), if they are no row of words and have no digit. */
function isMessage(value: string): boolean {
  return /\s/.test(value) && !/\d/.test(value) && !/^\p{Ll}{2,}(?: \p{Ll}{2,}){3,}$/u.test(value);
}

function isMixed(value: string): boolean {
  return /\d/.test(value) || /[^\p{L}\p{N}]/u.test(value) || /\p{Ll}\p{Lu}/u.test(value);
}

/** Whether a value is one that somebody chose or was given, for something of this name. */
function isSecret(given: Given, name: string, sign: string): boolean {
  const { value, isQuoted } = given;
  if (value.length < 4 || PLACEHOLDER.test(value) || isMessage(value)) return false;
  if (!isQuoted && EXPRESSION.test(value)) return false;
  if (/^(?:pass(?!code)|pwd|kennwort|contra|mot)/i.test(name)) {
    return (
      isMixed(value) ||
      (isQuoted && !/\s/.test(value)) ||
      (/^\s{0,4}=/.test(sign) && /^\S+$/.test(value))
    );
  }
  return value.length >= 8 && !/\s/.test(value) && /\d/.test(value) && /\p{L}/u.test(value);
}

function* findAssigned(text: string): Iterable<Candidate> {
  let done = 0;
  for (const found of text.matchAll(NAME)) {
    if (found.index < done) continue;
    const [whole, name = '', sign = ''] = found;
    const given = readValue(text, found.index + whole.length);
    if (given === undefined || !isSecret(given, name, sign)) continue;
    done = given.start + given.value.length;
    yield {
      entity: 'CREDENTIAL',
      start: given.start,
      end: done,
      score: given.isQuoted ? 0.75 : 0.65,
      reason: 'assigned-secret',
    };
  }
}

const HEADER =
  /\b(?:(?:proxy-)?authorization\s{0,2}[:=]\s{0,2}["']?(?:basic|bearer|token|digest|apikey)|bearer)\s{1,2}([\w.~+/-]{8,4096}={0,2})/gi;

/** What follows `Bearer`, and `Authorization: Basic`. */
function* findHeaders(text: string): Iterable<Candidate> {
  for (const found of text.matchAll(HEADER)) {
    const [whole, token = ''] = found;
    const isNamed = !/^bearer/i.test(whole);
    if (!isNamed && (token.length < 16 || !/\d/.test(token))) continue;
    const end = found.index + whole.length;
    yield {
      entity: 'CREDENTIAL',
      start: end - token.length,
      end,
      score: isNamed ? 0.9 : 0.75,
      reason: 'authorization',
    };
  }
}

/** Not a number or a word alone, as those of users and groups are: `docker run -u 1000:1000`. */
const CHOSEN = /^(?=.*\D)(?=.*[^\p{L}])/u;
/** Capitals, small letters and digits mixed, as in no word and in no hexadecimal hash. */
const RANDOM = /^(?=.*\d)(?=.*[a-z])(?=.*[A-Z])/;

/** What gives itself away without a sign between name and value. */
const UNASSIGNED = [
  {
    reason: 'command-login', // `curl -u name:password`
    pattern: /(?<![\w-])(?:-u|--user|--proxy-user)[ =]{1,2}["']?[^\s:"']{1,128}:([^\s"']{4,128})/g,
    looksSo: CHOSEN,
    score: 0.75,
  },
  {
    reason: 'telegram-token', // the number of a bot, and how all their tokens begin
    pattern: /(?<!\d)(\d{8,10}:AA[\w-]{33})(?![\w-])/g,
    looksSo: CHOSEN,
    score: 0.95,
  },
  {
    reason: 'secret-beside-its-name', // `aws secret …`
    pattern: /(?<![A-Za-z])(?:secret|token|key) {1,2}([A-Za-z0-9+/_-]{32,128})(?![\w+/-])/gi,
    looksSo: RANDOM,
    score: 0.65,
  },
] as const;

function* findUnassigned(text: string): Iterable<Candidate> {
  for (const { pattern, looksSo, score, reason } of UNASSIGNED) {
    for (const found of text.matchAll(pattern)) {
      const value = found[1] ?? '';
      if (!looksSo.test(value)) continue;
      const end = found.index + found[0].length;
      yield { entity: 'CREDENTIAL', start: end - value.length, end, score, reason };
    }
  }
}

/** Passwords and keys by the name that they are given for. */
export const ASSIGNMENTS: Recognizer = {
  id: 'assignments',
  entities: ['CREDENTIAL'],
  *scan({ text }) {
    yield* findAssigned(text);
    yield* findHeaders(text);
    yield* findUnassigned(text);
  },
};
