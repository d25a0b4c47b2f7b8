import { RpcError } from '@locara/protocol/errors';
import type { MessageGroup } from './chat/drop-oldest.ts';
import { dropOldest, groupMessages } from './chat/drop-oldest.ts';
import type { Generated, GenerateParams, PromptInput } from './ops.ts';
import { assertPromptBytes, contextOverflow } from './prompt-limit.ts';
import type { RenderedPrompt, TextModel } from './text-model.ts';

/** What a prompt is made for: reading a long one ends when its caller cancels. */
export interface PromptSite {
  readonly model: TextModel;
  readonly signal: AbortSignal;
}

/** A prompt that leaves room for an answer. */
export interface FittedPrompt {
  readonly prompt: RenderedPrompt;
  readonly dropped: Generated['dropped'];
  /** Tokens that the answer may have. */
  readonly freeTokens: number;
}

/** Messages are many when there is one for every so many tokens of the context. */
const MANY_MESSAGES = 16;
/** Room that is made for an answer whose caller names no length. */
const ANSWER_TOKENS = 256;

/** Renders the prompt; one that does not fit is refused with ContextOverflow, or shortened where the caller asks. */
export async function fitPrompt(site: PromptSite, params: GenerateParams): Promise<FittedPrompt> {
  const { model } = site;
  const { input, overflow = 'refuse' } = params;
  if (overflow === 'refuse') {
    const prompt = await renderChecked(site, input);
    const freeTokens = freeTokensOf(model, prompt);
    if (freeTokens < 1) throw overflowOf(model, prompt);
    return { prompt, dropped: undefined, freeTokens };
  }
  const wanted = params.sampling.maxTokens ?? ANSWER_TOKENS;
  const room = Math.max(1, Math.min(wanted, Math.floor(model.contextTokens / 4)));
  return 'prompt' in input ? fitText(site, input, room) : fitConversation(site, input, room);
}

/** The prompt's tokens, refused early when there are far too many. */
export async function renderChecked(
  { model, signal }: PromptSite,
  input: PromptInput,
): Promise<RenderedPrompt> {
  assertPromptBytes(textsOf(input).join('\n'), {
    contextTokens: model.contextTokens,
    countTokens: (text) => model.tokenize(text).length,
  });
  if ('messages' in input && input.messages.length > model.contextTokens / MANY_MESSAGES) {
    // A rendering of so many takes long; most are refused for their contents alone.
    const [contentTokens = 0] = await model.countTokens([textsOf(input).join('\n')], signal);
    if (contentTokens > model.contextTokens) throw tooLong(model, contentTokens);
  }
  const prompt = await model.renderPrompt(input, signal);
  if (prompt.tokens.length === 0) {
    throw new RpcError('InvalidParams', 'The prompt is empty.', {
      details: { rule: 'empty_prompt' },
    });
  }
  return prompt;
}

function textsOf(input: PromptInput): string[] {
  if ('prompt' in input) return [input.prompt];
  return input.messages.flatMap(({ content, reasoning = '', toolCalls = [] }) => [
    content,
    reasoning,
    ...toolCalls.map((call) => call.arguments),
  ]);
}

/** The engine keeps the last cell of a context for itself. */
function freeTokensOf(model: TextModel, { tokens }: RenderedPrompt): number {
  return model.contextTokens - 1 - tokens.length;
}

function overflowOf(model: TextModel, { tokens }: RenderedPrompt): RpcError {
  const { contextTokens } = model;
  return contextOverflow({ promptTokens: tokens.length, contextTokens });
}

/** Keeps the end of a text, and the model’s own beginning. */
async function fitText(
  { model, signal }: PromptSite,
  input: { readonly prompt: string },
  room: number,
): Promise<FittedPrompt> {
  const prompt = await model.renderPrompt(input, signal);
  const excess = room - freeTokensOf(model, prompt);
  if (excess <= 0) {
    return { prompt, dropped: undefined, freeTokens: freeTokensOf(model, prompt) };
  }
  const [first] = prompt.tokens;
  const isBeginning = first !== undefined && model.isSpecial(first);
  const tokens = prompt.tokens.slice(isBeginning ? excess + 1 : excess);
  if (isBeginning) tokens.unshift(first);
  const shortened = { ...prompt, tokens };
  return {
    prompt: shortened,
    dropped: { messages: 0, tokens: excess },
    freeTokens: freeTokensOf(model, shortened),
  };
}

type Conversation = Extract<PromptInput, { readonly messages: unknown }>;

/** Leaves out the oldest messages; how much a template adds, only a rendering tells. */
async function fitConversation(
  { model, signal }: PromptSite,
  input: Conversation,
  room: number,
): Promise<FittedPrompt> {
  const { messages } = input;
  const counts = await model.countTokens(
    messages.map((message) => textsOf({ messages: [message] }).join('\n')),
    signal,
  );
  const groups = groupMessages(messages, counts);
  const budget = model.contextTokens - 1 - room;
  let kept = dropOldest(groups, tokensOf(groups) - budget);
  for (;;) {
    const shortened = { ...input, messages: kept.flatMap((group) => group.messages) };
    // What nobody could shorten is not rendered only to be refused.
    if (tokensOf(kept) > model.contextTokens) throw tooLong(model, tokensOf(kept));
    const prompt = await model.renderPrompt(shortened, signal);
    const freeTokens = freeTokensOf(model, prompt);
    const next = dropOldest(kept, room - freeTokens);
    if (next.length === kept.length) {
      if (freeTokens < 1) throw overflowOf(model, prompt);
      return { prompt, freeTokens, dropped: droppedOf(groups, kept) };
    }
    kept = next;
  }
}

function tooLong({ contextTokens }: TextModel, promptTokens: number): RpcError {
  return contextOverflow({ promptTokens, contextTokens, isEstimate: true });
}

function tokensOf(groups: readonly MessageGroup[]): number {
  return groups.reduce((sum, { tokens }) => sum + tokens, 0);
}

function droppedOf(
  groups: readonly MessageGroup[],
  kept: readonly MessageGroup[],
): Generated['dropped'] {
  const gone = groups.filter((group) => !kept.includes(group));
  if (gone.length === 0) return undefined;
  const messages = gone.reduce((sum, group) => sum + group.messages.length, 0);
  return { messages, tokens: tokensOf(gone) };
}
