import type * as z from 'zod';

type Def = z.core.$ZodTypes['_zod']['def'];

/** The known key that is one slip away from an unknown one, at that place of a document. */
export function findNearestKey(
  schema: z.core.$ZodType,
  path: readonly PropertyKey[],
  key: string,
): string | undefined {
  const plain = toPlain(key);
  return listKeys(schema, path).find((known) => isOneEditAway(toPlain(known), plain));
}

/** `allowedHosts`, `Allowed-Hosts` and `allowed_hosts` are one word. */
function toPlain(key: string): string {
  return key.toLowerCase().replace(/[-_ ]/g, '');
}

/** The keys that a schema knows at a place, of all alternatives; none where every key is welcome. */
function listKeys(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  const def = schema._zod.def as Def;
  const [step, ...rest] = path;
  if (def.type === 'default' || def.type === 'prefault' || def.type === 'optional') {
    return listKeys(def.innerType, path);
  }
  if (def.type === 'union') return def.options.flatMap((option) => listKeys(option, path));
  if (def.type === 'array') return step === undefined ? [] : listKeys(def.element, rest);
  if (def.type !== 'object') return [];
  if (step === undefined) return Object.keys(def.shape);
  const field = Object.hasOwn(def.shape, step) ? def.shape[String(step)] : undefined;
  return field === undefined ? [] : listKeys(field, rest);
}

/** True for equal words, and for those with one letter more, less, other, or in the place of its neighbour. */
function isOneEditAway(left: string, right: string): boolean {
  const [short, long] = left.length <= right.length ? [left, right] : [right, left];
  if (long.length - short.length > 1) return false;
  let start = 0;
  while (start < short.length && short[start] === long[start]) start += 1;
  const [ours, theirs] = [short.slice(start), long.slice(start)];
  if (short.length < long.length) return ours === theirs.slice(1);
  const isSwap = theirs.startsWith(ours.slice(0, 2).split('').reverse().join(''));
  return ours.slice(1) === theirs.slice(1) || (isSwap && ours.slice(2) === theirs.slice(2));
}
