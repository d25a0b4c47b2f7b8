export type PlistValue =
  string | number | boolean | readonly PlistValue[] | { readonly [key: string]: PlistValue };

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Reads an XML property list strictly: unbalanced tags, stray text and bare `&` or `<` throw. */
export function parsePlist(xml: string): PlistValue {
  const body =
    /^<\?xml [^>]*\?>\s*<!DOCTYPE plist [^>]*>\s*<plist version="1.0">([^]*)<\/plist>\s*$/
      .exec(xml)?.[1]
      ?.replaceAll(/<!--(?:(?!--)[^])*-->/g, '');
  if (body === undefined) throw new Error('not a property list');
  const tokens = body.match(/<[^>]*>|[^<]+/g) ?? [];
  const reader = new Reader(tokens);
  const value = reader.readValue();
  if (reader.next() !== undefined) throw new Error('something follows the value');
  return value;
}

class Reader {
  readonly #tokens: readonly string[];
  #position = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  /** The next tag; white space between tags is skipped, other text is an error. */
  next(): string | undefined {
    const token = this.#tokens[this.#position++];
    if (token === undefined || token.startsWith('<')) return token;
    if (token.trim() !== '') throw new Error(`stray text: ${token.trim()}`);
    return this.next();
  }

  readValue(tag = this.next()): PlistValue {
    switch (tag) {
      case '<true/>':
        return true;
      case '<false/>':
        return false;
      case '<string>':
        return this.#readText('</string>');
      case '<integer>':
        return Number(this.#readText('</integer>'));
      case '<array>':
        return this.#readArray();
      case '<dict>':
        return this.#readDict();
      case undefined:
      default:
        throw new Error(`unexpected ${tag ?? 'end'}`);
    }
  }

  #readText(end: string): string {
    let text = this.#tokens[this.#position++] ?? '';
    if (text === end) return '';
    if (this.#tokens[this.#position++] !== end) throw new Error(`expected ${end}`);
    text = text.replaceAll(/&(?:(\w+);)?/g, (_, name: string | undefined) => {
      const character = ENTITIES[name ?? ''];
      if (character === undefined) throw new Error('a bare ampersand');
      return character;
    });
    return text;
  }

  #readArray(): PlistValue {
    const values: PlistValue[] = [];
    for (let tag = this.next(); tag !== '</array>'; tag = this.next()) {
      values.push(this.readValue(tag));
    }
    return values;
  }

  #readDict(): PlistValue {
    const entries: [string, PlistValue][] = [];
    for (let tag = this.next(); tag !== '</dict>'; tag = this.next()) {
      if (tag !== '<key>') throw new Error(`expected a key, not ${tag ?? 'the end'}`);
      entries.push([this.#readText('</key>'), this.readValue()]);
    }
    return Object.fromEntries(entries);
  }
}
