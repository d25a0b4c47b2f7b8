import type { GrammarSchema } from './grammar-schema.ts';
import { RpcError } from '@locara/protocol/errors';
import { countChoices } from './count-choices.ts';
import { isRecord } from './is-record.ts';

type Schema = Readonly<Record<string, unknown>>;

const LIMITS = {
  bytes: 32 * 1024,
  depth: 16,
  nodes: 512,
  enumValues: 256,
  stringLength: 512,
  items: 256,
  /** Grammar elements once every repetition is written out. */
  weight: 50_000,
  /** Ways in which a text may go on at once. */
  choices: 512,
} as const;

const ANNOTATIONS = ['title', 'description', 'default', 'examples', '$schema', '$defs', '$comment'];
const SCALARS = ['string', 'number', 'integer', 'boolean', 'null'];
const FORMATS = ['date', 'time', 'date-time'];

interface Walk {
  readonly definitions: Schema;
  nodes: number;
  /** Grammar elements so far. */
  weight: number;
}

/** One schema within the whole: where it is, how deep, and how often it may repeat. */
interface Place {
  readonly path: string;
  readonly depth: number;
  readonly repeats: number;
}

/**
 * Checks a schema and prepares it for the grammar. Supported: `type`, `properties`, `required`,
 * `additionalProperties: false`, `items`, `prefixItems` (all are written), `minItems`, `maxItems`,
 * `minLength`, `maxLength`, `enum`, `const`, `oneOf`, `anyOf` (both: any one), `format` (date, time,
 * date-time) and `$ref` into `$defs` without recursion. Anything else would be promised and not kept:
 * InvalidParams, with `details.rule` and, from `root` on, `details.path`.
 */
export function toGrammarSchema(schema: Schema, root = '/responseFormat/schema'): GrammarSchema {
  if (Buffer.byteLength(JSON.stringify(schema)) > LIMITS.bytes) refuse('schema_too_large', root);
  const definitions = isRecord(schema['$defs']) ? schema['$defs'] : {};
  const walk = { definitions, nodes: 0, weight: 0 };
  const converted = convert(schema, { path: root, depth: 0, repeats: 1 }, walk);
  if (countChoices(converted) > LIMITS.choices) refuse('schema_too_large', root);
  return converted;
}

function convert(value: unknown, place: Place, walk: Walk): GrammarSchema {
  if (!isRecord(value)) return refuse('not_an_object', place.path);
  if (place.depth > LIMITS.depth) return refuse('schema_too_deep', place.path);
  if (++walk.nodes > LIMITS.nodes) return refuse('schema_too_large', place.path);
  addWeight(walk, place, 1);
  if ('$ref' in value) return convertReference(value, place, walk);
  if ('oneOf' in value || 'anyOf' in value) return convertChoice(value, place, walk);
  if ('const' in value || 'enum' in value) return convertLiterals(value, place.path);
  switch (value['type']) {
    case 'object':
      return convertObject(value, place, walk);
    case 'array':
      return convertArray(value, place, walk);
    case 'string':
      return convertString(value, place, walk);
    default:
      return convertScalar(value, place.path);
  }
}

function convertReference(value: Schema, place: Place, walk: Walk): GrammarSchema {
  allowOnly(value, ['$ref'], place.path);
  const prefix = '#/$defs/';
  const reference = value['$ref'];
  if (typeof reference !== 'string' || !reference.startsWith(prefix)) {
    return refuse('unsupported_reference', place.path);
  }
  const name = reference.slice(prefix.length);
  if (!Object.hasOwn(walk.definitions, name)) return refuse('unknown_reference', place.path);
  // Recursion ends at the depth limit, as schema_too_deep.
  return convert(walk.definitions[name], { ...place, depth: place.depth + 1 }, walk);
}

function convertChoice(value: Schema, place: Place, walk: Walk): GrammarSchema {
  const keyword = 'oneOf' in value ? 'oneOf' : 'anyOf';
  allowOnly(value, [keyword], place.path);
  const choices = value[keyword];
  if (!Array.isArray(choices) || choices.length === 0) return refuse('empty_choice', place.path);
  return {
    oneOf: choices.map((choice, index) =>
      convert(choice, below(place, `${keyword}/${index}`), walk),
    ),
  };
}

function convertLiterals(value: Schema, path: string): GrammarSchema {
  const keyword = 'const' in value ? 'const' : 'enum';
  allowOnly(value, [keyword, 'type'], path);
  const literals: unknown = keyword === 'const' ? [value['const']] : value['enum'];
  if (!Array.isArray(literals) || literals.length === 0) return refuse('empty_enum', path);
  if (literals.length > LIMITS.enumValues) return refuse('schema_too_large', path);
  const types = value['type'] === undefined ? SCALARS : [value['type']].flat();
  for (const literal of literals) {
    if (!types.some((type) => isOfType(literal, type))) return refuse('enum_type', path);
    if (typeof literal === 'string') checkLiteral(literal, path);
  }
  return keyword === 'const' ? { const: literals[0] } : { enum: literals };
}

function convertObject(value: Schema, place: Place, walk: Walk): GrammarSchema {
  const { path } = place;
  allowOnly(value, ['type', 'properties', 'required', 'additionalProperties'], path);
  const { properties = {}, required = [], additionalProperties = false } = value;
  if (!isRecord(properties)) return refuse('not_an_object', path);
  if (additionalProperties !== false) return refuse('additional_properties', path);
  for (const name of Object.keys(properties)) checkLiteral(name, path);
  const isKnown = (name: unknown): boolean =>
    typeof name === 'string' && Object.hasOwn(properties, name);
  if (!Array.isArray(required) || !required.every(isKnown)) {
    return refuse('required_without_property', path);
  }
  return {
    type: 'object',
    required,
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [
        name,
        convert(property, below(place, `properties/${name}`), walk),
      ]),
    ),
  };
}

function addWeight(walk: Walk, { repeats, path }: Place, elements: number): void {
  walk.weight += repeats * elements;
  if (walk.weight > LIMITS.weight) refuse('schema_too_large', path);
}

/** The grammar ends at a NUL, and repeats literals in messages of its own when it fails. */
function checkLiteral(text: string, path: string): void {
  if (text.length > LIMITS.stringLength) refuse('schema_too_large', path);
  if (text.includes('\0') || !text.isWellFormed()) refuse('unsupported_character', path);
}

function convertArray(value: Schema, place: Place, walk: Walk): GrammarSchema {
  const { path } = place;
  allowOnly(value, ['type', 'items', 'prefixItems', 'minItems', 'maxItems'], path);
  const { items, prefixItems = [] } = value;
  if (!Array.isArray(prefixItems)) return refuse('not_an_array', path);
  if (items === undefined && prefixItems.length === 0) return refuse('items_missing', path);
  const sizes = readRange(value, ['minItems', 'maxItems', LIMITS.items], path);
  if ((sizes['maxItems'] ?? Infinity) < prefixItems.length) return refuse('range', path);
  const repeats = place.repeats * (sizes['maxItems'] ?? sizes['minItems'] ?? 1);
  return {
    type: 'array',
    ...sizes,
    ...(items === undefined
      ? {}
      : { items: convert(items, { ...below(place, 'items'), repeats }, walk) }),
    ...(prefixItems.length === 0
      ? {}
      : {
          prefixItems: prefixItems.map((item, index) =>
            convert(item, below(place, `prefixItems/${index}`), walk),
          ),
        }),
  };
}

function convertString(value: Schema, place: Place, walk: Walk): GrammarSchema {
  const { path } = place;
  const { format } = value;
  if (format !== undefined) {
    allowOnly(value, ['type', 'format'], path);
    return FORMATS.some((known) => known === format)
      ? { type: 'string', format }
      : refuse('unsupported_format', path);
  }
  allowOnly(value, ['type', 'minLength', 'maxLength'], path);
  const lengths = readRange(value, ['minLength', 'maxLength', LIMITS.stringLength], path);
  addWeight(walk, place, lengths['maxLength'] ?? lengths['minLength'] ?? 1);
  return { type: 'string', ...lengths };
}

function convertScalar(value: Schema, path: string): GrammarSchema {
  allowOnly(value, ['type'], path);
  const types = [value['type']].flat();
  if (types.length === 0 || !types.every((type) => SCALARS.includes(String(type)))) {
    return refuse('unsupported_type', path);
  }
  return { type: value['type'] };
}

function readRange(
  value: Schema,
  [minKey, maxKey, limit]: readonly [string, string, number],
  path: string,
): Record<string, number> {
  const range: Record<string, number> = {};
  for (const key of [minKey, maxKey]) {
    const bound = value[key];
    if (bound === undefined) continue;
    if (typeof bound !== 'number' || !Number.isInteger(bound) || bound < 0 || bound > limit) {
      return refuse('range', path);
    }
    range[key] = bound;
  }
  if ((range[minKey] ?? 0) > (range[maxKey] ?? Infinity)) return refuse('range', path);
  return range;
}

function allowOnly(value: Schema, keywords: readonly string[], path: string): void {
  const other = Object.keys(value).find(
    (key) => !keywords.includes(key) && !ANNOTATIONS.includes(key),
  );
  if (other !== undefined) refuse('unsupported_keyword', `${path}/${other}`);
}

function below(place: Place, step: string): Place {
  return { ...place, path: `${place.path}/${step}`, depth: place.depth + 1 };
}

function isOfType(literal: unknown, type: unknown): boolean {
  if (literal === null) return type === 'null';
  if (type === 'integer') return Number.isInteger(literal);
  if (typeof literal === 'number' && !Number.isFinite(literal)) return false;
  return ['string', 'number', 'boolean'].includes(String(type)) && typeof literal === type;
}

const UNSUPPORTED = 'The schema has a part that is not supported: `details` says which and why.';

function refuse(rule: string, path: string): never {
  throw new RpcError('InvalidParams', UNSUPPORTED, {
    details: { rule, path: path.slice(0, 256) },
  });
}
