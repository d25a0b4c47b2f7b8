/**
 * Where a key `__proto__` lies in a parsed message, as a dotted path; undefined when nowhere.
 * JSON.parse makes it an own key, which schemas leave out without a word: a filter would then match everything.
 */
export function findProtoKey(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return undefined;
  if (Array.isArray(value)) return findInItems(value);
  if (Object.hasOwn(value, '__proto__')) return '__proto__';
  // Not `Object.entries`: of an object of very many keys that takes twice as long, and everybody waits.
  for (const key of Object.keys(value)) {
    const below = findProtoKey(value[key as keyof typeof value]);
    if (below !== undefined) return `${key}.${below}`.slice(0, MAX_PATH_LENGTH);
  }
  return undefined;
}

/** Vectors by the thousand, whose entries as pairs of texts and numbers would be slow: parsed arrays have no other keys. */
function findInItems(items: readonly unknown[]): string | undefined {
  for (let index = 0; index < items.length; index += 1) {
    const below = findProtoKey(items[index]);
    if (below !== undefined) return `${index}.${below}`.slice(0, MAX_PATH_LENGTH);
  }
  return undefined;
}

const MAX_PATH_LENGTH = 200;
