import { createPrompt } from '../prompts.ts';

export type LoadKind = 'chat' | 'complete' | 'count' | 'embed';

/** One call of the load, and whether its caller gives up on it. */
export interface LoadRequest {
  readonly kind: LoadKind;
  readonly method: string;
  readonly params: Record<string, unknown>;
  readonly cancelAfterMs?: number;
}

/** Few enough that every text is asked for often, by several apps: it must be the same each time. */
const PROMPT_WORDS = [4, 24, 60] as const;
const MAX_TOKENS = [12, 60] as const;
const SEEDS = 2;
const CANCELLED = 0.2;
const LONGEST_PATIENCE_MS = 120;

/** Draws the next call: mostly texts of many lengths, some vectors, some counts; one in five is given up. */
export function drawRequest(random: () => number): LoadRequest {
  const below = (limit: number): number => Math.floor(random() * limit);
  const prompt = createPrompt(PROMPT_WORDS[below(PROMPT_WORDS.length)] ?? 1, 1);
  const choice = random();
  if (choice < 0.2) return { kind: 'embed', method: 'embed.create', params: drawTexts(below) };
  if (choice < 0.3) return { kind: 'count', method: 'llm.countTokens', params: { prompt } };
  const sampling = {
    maxTokens: MAX_TOKENS[below(MAX_TOKENS.length)],
    ...(random() < 0.5 ? { temperature: 0 } : { seed: below(SEEDS) }),
    priority: random() < 0.2 ? 'background' : 'interactive',
  };
  const patience = random() < CANCELLED ? { cancelAfterMs: random() * LONGEST_PATIENCE_MS } : {};
  if (choice < 0.6) {
    const messages = [{ role: 'user', content: prompt }];
    return { kind: 'chat', method: 'llm.chat', params: { messages, ...sampling }, ...patience };
  }
  return { kind: 'complete', method: 'llm.complete', params: { prompt, ...sampling }, ...patience };
}

function drawTexts(below: (limit: number) => number): Record<string, unknown> {
  const input = Array.from({ length: 1 + below(8) }, () => createPrompt(6, below(1000)));
  return { input, encoding: 'f32' };
}

/** Calls of equal keys must be answered by equal texts; undefined where there is no text. */
export function textKeyOf({ method, params }: LoadRequest): string | undefined {
  if ('input' in params || method === 'llm.countTokens') return undefined;
  return JSON.stringify([method, { ...params, priority: undefined }]);
}
