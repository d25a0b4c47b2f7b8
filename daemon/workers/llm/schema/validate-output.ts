import { parseJson } from '@locara/protocol/parse-json';
import { isRecord } from './is-record.ts';
import type { GrammarSchema } from './grammar-schema.ts';

const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const TIME = /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{3})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** Whether a text is JSON that satisfies a schema of the subset: the grammar is not believed blindly. */
export function satisfiesSchema(text: string, schema: GrammarSchema): boolean {
  try {
    return isValid(parseJson(text), schema);
  } catch {
    return false;
  }
}

function isValid(value: unknown, schema: GrammarSchema): boolean {
  const { oneOf, type } = schema;
  if (Array.isArray(oneOf)) {
    return oneOf.some((choice) => isRecord(choice) && isValid(value, choice));
  }
  if ('const' in schema) return value === schema['const'];
  if (Array.isArray(schema['enum'])) return schema['enum'].includes(value);
  return [type].flat().some((name) => isOfType(value, String(name), schema));
}

function isOfType(value: unknown, type: string, schema: GrammarSchema): boolean {
  switch (type) {
    case 'object':
      return isRecord(value) && isValidObject(value, schema);
    case 'array':
      return Array.isArray(value) && isValidArray(value, schema);
    case 'string':
      return typeof value === 'string' && isValidString(value, schema);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'integer':
      return Number.isInteger(value);
    case 'boolean':
      return typeof value === 'boolean';
    default:
      return type === 'null' && value === null;
  }
}

function isValidObject(value: Readonly<Record<string, unknown>>, schema: GrammarSchema): boolean {
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  const required: unknown[] = Array.isArray(schema['required']) ? schema['required'] : [];
  return (
    required.every((name) => Object.hasOwn(value, String(name))) &&
    Object.entries(value).every(([name, member]) => {
      const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
      return isRecord(property) && isValid(member, property);
    })
  );
}

function isValidArray(value: readonly unknown[], schema: GrammarSchema): boolean {
  const { items, minItems = 0, maxItems = Infinity } = schema;
  const prefix: unknown[] = Array.isArray(schema['prefixItems']) ? schema['prefixItems'] : [];
  if (value.length < Math.max(Number(minItems), prefix.length)) return false;
  if (value.length > (isRecord(items) ? Number(maxItems) : prefix.length)) return false;
  return value.every((item, index) => {
    const own = index < prefix.length ? prefix[index] : items;
    return isRecord(own) && isValid(item, own);
  });
}

function isValidString(value: string, schema: GrammarSchema): boolean {
  const { format, minLength = 0, maxLength = Infinity } = schema;
  if (format === 'date') return DATE.test(value);
  if (format === 'time') return TIME.test(value);
  if (format === 'date-time') {
    return value[10] === 'T' && DATE.test(value.slice(0, 10)) && TIME.test(value.slice(11));
  }
  const characters = Array.from(value).length;
  return value.isWellFormed() && characters >= Number(minLength) && characters <= Number(maxLength);
}
