/**
 * As `JSON.parse`, but true to keys that are spelled with an escape: V8 takes such a key for another one, seen earlier
 * by anybody in the same process, that looks like the beginning of its spelling (`"\""` becomes `\`; nodejs/node#63785).
 */
export function parseJson(text: string): unknown {
  const keys = findKeys(text);
  return keys === undefined ? JSON.parse(text) : parseRenamed(text, keys);
}

/** Where a key is spelled, its quotes included. */
interface KeySpan {
  readonly start: number;
  readonly end: number;
}

/** All keys of a text of which at least one has an escape; undefined for the others, which are most. */
function findKeys(text: string): readonly KeySpan[] | undefined {
  let escape = text.indexOf('\\');
  if (escape === -1) return undefined;
  const keys: KeySpan[] = [];
  let hasEscapedKey = false;
  for (let start = text.indexOf('"'); start !== -1;) {
    const end = findStringEnd(text, start);
    if (end === -1) break;
    if (isFollowedByColon(text, end)) {
      if (escape !== -1 && escape < start) escape = text.indexOf('\\', start);
      hasEscapedKey ||= escape !== -1 && escape < end;
      keys.push({ start, end });
    }
    start = text.indexOf('"', end);
  }
  return hasEscapedKey ? keys : undefined;
}

/** Behind the quote that ends the string which starts there; -1 when none does. */
function findStringEnd(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return at + 1;
  }
  return -1;
}

function isFollowedByColon(text: string, end: number): boolean {
  let at = end;
  while (' \t\n\r'.includes(text[at] ?? '-')) at += 1;
  return text[at] === ':';
}

/** Parses the text with plain names for all keys, and gives each object its own keys back. */
function parseRenamed(text: string, keys: readonly KeySpan[]): unknown {
  const names = keys.map(({ start, end }) => JSON.parse(text.slice(start, end)) as string);
  let renamed = '';
  let copied = 0;
  for (const [index, { start, end }] of keys.entries()) {
    renamed += `${text.slice(copied, start)}"k${index}"`;
    copied = end;
  }
  return JSON.parse(`${renamed}${text.slice(copied)}`, (_key, value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const entries = Object.entries<unknown>(value as Record<string, unknown>);
    // Makes own members of all of them, also of `__proto__`, as JSON.parse does.
    return Object.fromEntries(entries.map(([name, own]) => [names[Number(name.slice(1))], own]));
  });
}
