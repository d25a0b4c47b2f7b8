import { randomBytes } from 'node:crypto';
import type { ChatItem } from './chat-prompt.ts';
import type { Tool } from '../ops.ts';

/** Texts that the tokenizer could read as one special token. */
export interface SpecialTexts {
  /** Where the next one begins and ends, from `from` on. */
  find(text: string, from: number): { readonly start: number; readonly end: number } | undefined;
}

/** Looks texts up by their first character and length, so that many of them cost no more than few. */
export function createSpecialTexts(texts: readonly string[]): SpecialTexts {
  const known = new Set(texts.filter((text) => text.length > 1));
  const lengths = new Map<string, number[]>();
  for (const text of known) {
    const own = lengths.get(text.charAt(0)) ?? [];
    if (!own.includes(text.length)) own.push(text.length);
    lengths.set(
      text.charAt(0),
      own.toSorted((one, other) => other - one),
    );
  }
  const firsts = new RegExp(`[${[...lengths.keys()].map(toClassMember).join('')}]`, 'g');
  return {
    find(text, from) {
      if (known.size === 0) return undefined;
      firsts.lastIndex = from;
      for (let hit = firsts.exec(text); hit !== null; hit = firsts.exec(text)) {
        const start = hit.index;
        const own = lengths.get(text.charAt(start));
        const length = own?.find((size) => known.has(text.slice(start, start + size)));
        if (length !== undefined) return { start, end: start + length };
      }
      return undefined;
    },
  };
}

function toClassMember(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Stands for special tokens where templates write values in their own words: tools and earlier calls. */
export interface Fence {
  readonly tools: readonly Tool[];
  readonly items: ChatItem[];
  /** What the placeholders stand for. */
  readonly texts: ReadonlyMap<string, string>;
}

export function fenceSpecial(
  { tools, items }: { readonly tools: readonly Tool[]; readonly items: readonly ChatItem[] },
  special: SpecialTexts,
): Fence {
  const texts = new Map<string, string>();
  const marks = new Map<string, string>();
  const prefix = `W${randomBytes(12).toString('hex')}`;
  const fence = (text: string): string => {
    let fenced = '';
    let at = 0;
    for (let hit = special.find(text, 0); hit !== undefined; hit = special.find(text, at)) {
      const token = text.slice(hit.start, hit.end);
      const mark = marks.get(token) ?? `${prefix}x${marks.size}W`;
      marks.set(token, mark);
      texts.set(mark, token);
      fenced += text.slice(at, hit.start) + mark;
      at = hit.end;
    }
    return fenced + text.slice(at);
  };
  return {
    texts,
    tools: tools.map((tool) => mapTexts(tool, fence) as Tool),
    items: items.map((item) =>
      item.type === 'model'
        ? {
            ...item,
            response: item.response.map((part) =>
              typeof part === 'string' || part.type === 'segment'
                ? part
                : { ...part, name: fence(part.name), params: mapTexts(part.params, fence) },
            ),
          }
        : item,
    ),
  };
}

/** The same value with every text in it, names of members too, mapped. */
function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value.toWellFormed());
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, own]) => [map(name.toWellFormed()), mapTexts(own, map)]),
  );
}
