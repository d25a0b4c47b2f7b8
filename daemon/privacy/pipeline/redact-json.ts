import type { RunningPipeline } from './pipeline.ts';

/** Of JSON that is whole: its strings, names of fields included, and its numbers. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;
const NAME_END = /\s*:/y;

interface Token {
  /** As it stands there. */
  readonly raw: string;
  readonly at: number;
  /** What it says. */
  readonly text: string;
  /** The name of its field and what follows a name in a sentence: `ssn: ` tells what a number is. */
  readonly context: string;
}

/**
 * JSON whose strings, names and numbers are redacted as what they say, escapes and all; it stays JSON, a number that
 * was redacted being a string then. What is not JSON, as it was cut short, is redacted as text.
 */
export async function redactJson(
  running: Pick<RunningPipeline, 'redactTexts'>,
  json: string,
): Promise<string> {
  if (!isJson(json)) return (await running.redactTexts([json]))[0] ?? '';
  const tokens = findTokens(json);
  const inContext = tokens.map(({ context, text }) => `${context}${text}`);
  const redacted = await running.redactTexts(inContext);
  // Where the name was redacted with its value, the value alone.
  const isApart = tokens.map(({ context }, at) => redacted[at]?.startsWith(context) === true);
  const joined = tokens.filter((_token, at) => isApart[at] !== true).map(({ text }) => text);
  const alone = (joined.length === 0 ? [] : await running.redactTexts(joined)).values();
  let written = '';
  let from = 0;
  for (const [index, { raw, at, text, context }] of tokens.entries()) {
    const own =
      isApart[index] === true ? redacted[index]?.slice(context.length) : alone.next().value;
    written += json.slice(from, at) + (own === text ? raw : JSON.stringify(own ?? ''));
    from = at + raw.length;
  }
  return written + json.slice(from);
}

function findTokens(json: string): Token[] {
  let context = '';
  return [...json.matchAll(TOKEN)].map(({ 0: raw, index: at }) => {
    const text = raw.startsWith('"') ? (JSON.parse(raw) as string) : raw;
    NAME_END.lastIndex = at + raw.length;
    if (!NAME_END.test(json)) return { raw, at, text, context };
    context = `${text}: `;
    return { raw, at, text, context: '' };
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
