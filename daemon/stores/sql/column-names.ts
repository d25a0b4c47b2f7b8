import { forbidden } from '../database/store-errors.ts';

/**
 * The keys of a row. A name that comes again is numbered as SQLite itself does it in a subquery, `id`, `id:1`,
 * `id:2`: a JSON object has no room for two, and one of them would be lost without a word.
 */
export function nameColumns(names: readonly string[]): readonly string[] {
  // No JSON message carries such a key safely: it would be lost on the way.
  if (names.includes('__proto__')) throw forbidden('a column named __proto__');
  const taken = new Set(names);
  if (taken.size === names.length) return names;
  const given = new Set<string>();
  return names.map((name) => {
    const unique = given.has(name) ? numberName(name, taken) : name;
    given.add(name);
    taken.add(unique);
    return unique;
  });
}

function numberName(name: string, taken: ReadonlySet<string>): string {
  let number = 1;
  while (taken.has(`${name}:${number}`)) number += 1;
  return `${name}:${number}`;
}
