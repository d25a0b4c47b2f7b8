import { isRecord } from './is-record.ts';
import type { GrammarSchema } from './grammar-schema.ts';

/** Finite, and exact as a number of 64 bits. */
const INTEGER = '"-"? ("0" | [1-9] [0-9]{0,14})';
const NUMBER = `${INTEGER} ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?`;
/** One character; no escape makes half of one. */
const CHARACTER =
  '[^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\/bfnrt] | "u" ([0-9a-cA-CefEF] [0-9a-fA-F]{3} | [dD] [0-7] [0-9a-fA-F]{2}))';
const DATE = '[0-9]{4} "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | [12] [0-9] | "3" [01])';
const HOURS = '("0" [0-9] | "1" [0-9] | "2" [0-3]) ":" [0-5] [0-9]';
const TIME = `${HOURS} ":" [0-5] [0-9] ("." [0-9]{3})? ("Z" | [+-] ${HOURS})`;
const FORMATS = { date: DATE, time: TIME, 'date-time': `${DATE} "T" ${TIME}` } as const;
const QUOTE = '"\\""';
const COMMA = '"," [ ]?';

/**
 * The grammar, as llama.cpp reads it, of the JSON texts that satisfy a schema. Object members come in the order of
 * the schema; those that are not required may be left out.
 */
export function writeGrammar(schema: GrammarSchema): string {
  const rules = new Map<string, string>();
  const root = writeValue(schema, rules);
  const lines = [...rules].map(([body, name]) => `${name} ::= ${body}`);
  return [`root ::= ${root}`, ...lines].join('\n');
}

/** The grammar of exactly one of these texts. */
export function writeChoice(texts: readonly string[]): string {
  return `root ::= ${texts.map(writeLiteral).join(' | ')}`;
}

type Rules = Map<string, string>;

/** Equal rules are one rule. */
function addRule(rules: Rules, body: string): string {
  const known = rules.get(body);
  if (known !== undefined) return known;
  const name = `r${rules.size}`;
  rules.set(body, name);
  return name;
}

function writeValue(schema: GrammarSchema, rules: Rules): string {
  const { oneOf, type } = schema;
  if (Array.isArray(oneOf)) {
    const choices = oneOf.filter(isRecord).map((choice) => writeValue(choice, rules));
    return addRule(rules, choices.join(' | '));
  }
  const literals: unknown = 'const' in schema ? [schema['const']] : schema['enum'];
  if (Array.isArray(literals)) {
    return addRule(rules, literals.map((value) => writeLiteral(JSON.stringify(value))).join(' | '));
  }
  if (type === 'object') return writeObject(schema, rules);
  if (type === 'array') return writeArray(schema, rules);
  const types = [type].flat().map((name) => writeScalar(String(name), schema, rules));
  return addRule(rules, types.join(' | '));
}

function writeScalar(type: string, schema: GrammarSchema, rules: Rules): string {
  switch (type) {
    case 'integer':
      return addRule(rules, INTEGER);
    case 'number':
      return addRule(rules, NUMBER);
    case 'boolean':
      return '("true" | "false")';
    case 'null':
      return '"null"';
    default:
      return writeString(schema, rules);
  }
}

function writeString({ format, minLength, maxLength }: GrammarSchema, rules: Rules): string {
  if (format === 'date' || format === 'time' || format === 'date-time') {
    return addRule(rules, `${QUOTE} ${FORMATS[format]} ${QUOTE}`);
  }
  const character = addRule(rules, CHARACTER);
  const range = repetition(Number(minLength ?? 0), asBound(maxLength));
  return addRule(rules, `${QUOTE}${range === '{0,0}' ? '' : ` ${character}${range}`} ${QUOTE}`);
}

function writeObject(schema: GrammarSchema, rules: Rules): string {
  const properties = isRecord(schema['properties']) ? Object.entries(schema['properties']) : [];
  const required = new Set(Array.isArray(schema['required']) ? schema['required'] : []);
  // From the last to the first: what may follow a member, and what may follow the brace.
  let rest = '""';
  let first = '""';
  for (const [name, property] of properties.toReversed()) {
    const value = writeValue(isRecord(property) ? property : {}, rules);
    const member = `${writeLiteral(`${JSON.stringify(name)}:`)} [ ]? ${value}`;
    const isRequired = required.has(name);
    const beginning = `${member} ${rest}`;
    first = addRule(rules, isRequired ? beginning : `${beginning} | ${first}`);
    const following = `${COMMA} ${member}`;
    rest = addRule(rules, `${isRequired ? following : `(${following})?`} ${rest}`);
  }
  return addRule(rules, `"{" ${first} "}"`);
}

function writeArray(schema: GrammarSchema, rules: Rules): string {
  const { items, prefixItems, minItems, maxItems } = schema;
  const fixed = (Array.isArray(prefixItems) ? prefixItems : [])
    .filter(isRecord)
    .map((item) => writeValue(item, rules));
  const head = fixed.join(` ${COMMA} `);
  if (!isRecord(items)) return addRule(rules, `"[" ${head} "]"`);
  const item = writeValue(items, rules);
  const min = Math.max(0, Number(minItems ?? 0) - fixed.length);
  const most = asBound(maxItems);
  const max = most === undefined ? undefined : Math.max(0, most - fixed.length);
  const follow = addRule(rules, `${COMMA} ${item}`);
  if (fixed.length > 0) {
    const tail = max === 0 ? '' : ` ${follow}${repetition(min, max)}`;
    return addRule(rules, `"[" ${head}${tail} "]"`);
  }
  if (max === 0) return '"[]"';
  const others = repetition(Math.max(0, min - 1), max === undefined ? undefined : max - 1);
  const list = `${item}${others === '{0,0}' ? '' : ` ${follow}${others}`}`;
  return addRule(rules, min === 0 ? `"[" (${list})? "]"` : `"[" ${list} "]"`);
}

function repetition(min: number, max: number | undefined): string {
  if (max === undefined) return min === 0 ? '*' : `{${min},}`;
  return `{${min},${max}}`;
}

function asBound(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function writeLiteral(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
  return `"${escaped}"`;
}
