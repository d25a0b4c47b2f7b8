import { LIMITS, parseJson } from '@locara/protocol';
import { unfit } from './vault-errors.ts';

/**
 * A value as JSON text from which the same value comes back, -0 included. Throws InvalidParams (`rule: not_json`)
 * for what JSON cannot say, or only so deep that nobody could send it.
 */
export function toJsonText(value: unknown): string {
  return JSON.stringify(keepMinusZero(value));
}

/** The same value with each -0 as the text that it is, which JSON.stringify would make a 0. Throws as `toJsonText` does. */
export function keepMinusZero(value: unknown): unknown {
  // Nearly none has one, and building a value of many keys again takes longer than all the rest.
  return hasMinusZero(value, LIMITS.maxMessageDepth) ? writeMinusZeros(value) : value;
}

function writeMinusZeros(value: unknown): unknown {
  if (Object.is(value, -0)) return rawJson('-0');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(writeMinusZeros);
  const kept = Object.entries(value).map(([key, inner]) => [key, writeMinusZeros(inner)] as const);
  return Object.fromEntries(kept);
}

/** What a text says as JSON of at most the depth that a message may have; undefined for any other. */
export function parseJsonText(text: string): { readonly value: unknown } | undefined {
  const parsed = parseAnyJson(text);
  return parsed !== undefined && isShallow(parsed.value) ? parsed : undefined;
}

/** The first half of it, for a text of megabytes. */
export function parseAnyJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: parseJson(text) };
  } catch {
    return undefined;
  }
}

/** The second half. */
export function isShallow(value: unknown): boolean {
  try {
    hasMinusZero(value, LIMITS.maxMessageDepth);
    return true;
  } catch {
    return false;
  }
}

/** Looks at all of it, and throws for what is not JSON. */
function hasMinusZero(value: unknown, depth: number): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return false;
  if (Number.isFinite(value)) return Object.is(value, -0);
  if (typeof value === 'object' && depth > 0 && isPlain(value)) return hasInside(value, depth - 1);
  throw unfit('not_json', 'The value is not JSON, or nested too deeply.');
}

function hasInside(value: object, depth: number): boolean {
  let isFound = false;
  if (Array.isArray(value)) {
    // Not `forEach`, which leaves out the holes of an array, which JSON has not.
    for (const inner of value) if (hasMinusZero(inner, depth)) isFound = true;
  } else {
    // Of many keys, half as long as by `Object.values`.
    for (const key of Object.keys(value)) {
      if (hasMinusZero(value[key as keyof typeof value], depth)) isFound = true;
    }
  }
  return isFound;
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !('toJSON' in value);
}

/** In the language since 2025, not yet in its typings. */
function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}
