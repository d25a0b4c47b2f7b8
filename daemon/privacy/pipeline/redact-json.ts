import type { RunningPipeline } from './pipeline.ts';
import { redactInContext } from './redact-in-context.ts';

/** Of JSON that is whole: its strings, names of fields included, and its numbers. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;
const NAME_END = /\s*:/y;

interface Token {
  /** As it stands there. */
  readonly raw: string;
  readonly at: number;
  /** What it says. */
  readonly text: string;
  /** Of its field. */
  readonly name: string | undefined;
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
  const redacted = await redactInContext(running, tokens);
  let written = '';
  let from = 0;
  for (const [index, { raw, at, text }] of tokens.entries()) {
    const own = redacted[index] ?? '';
    written += json.slice(from, at) + (own === text ? raw : JSON.stringify(own));
    from = at + raw.length;
  }
  return written + json.slice(from);
}

function findTokens(json: string): Token[] {
  let name: string | undefined;
  return [...json.matchAll(TOKEN)].map(({ 0: raw, index: at }) => {
    const text = raw.startsWith('"') ? (JSON.parse(raw) as string) : raw;
    NAME_END.lastIndex = at + raw.length;
    if (!NAME_END.test(json)) return { raw, at, text, name };
    name = text;
    return { raw, at, text, name: undefined };
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
