/** One token of SQL as SQLite's own tokenizer would cut it; spaces and comments are dropped. */
export interface SqlToken {
  /** `word`: bare identifier or keyword; `name`: "…", `…` or […]; `text`: '…'. */
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'variable' | 'operator';
  /** What it stands for: quotes removed, doubled quotes undone. */
  readonly value: string;
  /** Where it lies in the SQL. */
  readonly start: number;
  readonly end: number;
}

// SQLite takes a byte-order mark for a space wherever a token may start.
const SKIPPED = /(?:[ \t\n\f\r\uFEFF]|--[^\n]*|\/\*[^]*?\*\/)+/y;
const TOKEN =
  /(?<word>[A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*)|(?<number>\.?\d[\w.]*)|(?<variable>\?\d*|[:@#$][\w$\u0080-\uFFFF]+)|(?<text>'(?:[^']|'')*')|(?<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])|(?<operator>\/(?!\*)|[-+*%=<>!|&~(),.;])/y;

/**
 * Cuts SQL into tokens, or answers undefined for what SQLite would not read either: an open quote
 * or comment, a control character.
 */
export function tokenizeSql(sql: string): SqlToken[] | undefined {
  const tokens: SqlToken[] = [];
  let position = 0;
  while (position < sql.length) {
    SKIPPED.lastIndex = position;
    if (SKIPPED.test(sql)) {
      position = SKIPPED.lastIndex;
      continue;
    }
    TOKEN.lastIndex = position;
    const match = TOKEN.exec(sql);
    if (match?.groups === undefined) return undefined;
    const kind = kindOf(match.groups);
    const end = position + match[0].length;
    tokens.push({ kind, value: unquote(kind, match[0]), start: position, end });
    position = end;
  }
  return tokens;
}

/** The keyword a token may act as, in capitals; empty for anything quoted. */
export function keywordOf(token: SqlToken | undefined): string {
  return token?.kind === 'word' ? token.value.toUpperCase() : '';
}

function kindOf(groups: Record<string, string | undefined>): SqlToken['kind'] {
  const kinds = ['word', 'number', 'variable', 'text', 'name'] as const;
  return kinds.find((kind) => groups[kind] !== undefined) ?? 'operator';
}

function unquote(kind: SqlToken['kind'], source: string): string {
  if (kind !== 'text' && kind !== 'name') return source;
  const quote = source.charAt(0);
  const inside = source.slice(1, -1);
  return quote === '[' ? inside : inside.replaceAll(quote + quote, quote);
}
