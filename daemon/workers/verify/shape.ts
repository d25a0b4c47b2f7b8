/** Whether a parsed JSON value has a shape. */
export type Shape = (value: unknown) => boolean;

type Fields = Readonly<Record<string, Shape>>;

/** Text of at most that many UTF-16 units, not empty. */
export function text(maxLength: number): Shape {
  return (value) => typeof value === 'string' && value.length > 0 && value.length <= maxLength;
}

export function oneOf(...values: readonly string[]): Shape {
  return (value) => typeof value === 'string' && values.includes(value);
}

/** Standard base64 with its padding, in its only spelling. */
export const base64: Shape = (value) =>
  typeof value === 'string' && Buffer.from(value, 'base64').toString('base64') === value;

/** A 64-bit count as protobuf writes it, never below zero. */
export const count64: Shape = (value) =>
  typeof value === 'string'
    ? /^(?:0|[1-9][0-9]{0,18})$/.test(value)
    : Number.isSafeInteger(value) && (value as number) >= 0;

export function listOf(item: Shape, maxLength: number): Shape {
  return (value) => Array.isArray(value) && value.length <= maxLength && value.every(item);
}

/** An object with all of the first fields, any of the second and no other; null means absent. */
export function record(required: Fields, optional: Fields = {}): Shape {
  const allowed = new Map(Object.entries({ ...required, ...optional }));
  return (value) =>
    isRecord(value) &&
    Object.keys(required).every((key) => isPresent(value[key])) &&
    Object.entries(value).every(([key, field]) => {
      const shape = allowed.get(key);
      return shape !== undefined && (!isPresent(field) || shape(field));
    });
}

/** Exactly one of these keys has a value. */
export function hasOneOf(value: unknown, keys: readonly string[]): boolean {
  return isRecord(value) && keys.filter((key) => isPresent(value[key])).length === 1;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}
