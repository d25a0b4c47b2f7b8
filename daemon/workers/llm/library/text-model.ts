import type { LlamaContext, LlamaModel, Token as LlamaToken } from 'node-llama-cpp';
import type { PromptPiece } from '../chat/chat-format.ts';
import { textOf } from '../chat/chat-format.ts';
import { joinContents, putTexts, toChatItems } from '../chat/chat-prompt.ts';
import { fenceSpecial } from '../chat/fence-special.ts';
import type { PromptInput } from '../ops.ts';
import { createPauses } from '../pause.ts';
import { MAX_BYTES_PER_TOKEN } from '../prompt-limit.ts';
import type { Token } from '../token.ts';
import type { RenderedPrompt, TextModel } from '../text-model.ts';
import type { ChatTemplate } from './chat-template.ts';
import { openChatTemplate } from './chat-template.ts';
import { findInternals } from './native-context.ts';
import { NativeSampler } from './native-sampler.ts';
import { createTokenizer, type Tokenizer } from './tokenizer.ts';

/** What a prompt is made with. */
interface Site {
  readonly model: LlamaModel;
  readonly tokenizer: Tokenizer;
  /** Opened beside the first calls: reading a template takes as long as loading a small model. */
  readonly chat: Promise<ChatTemplate> | undefined;
}

/** The same, for one call that may be cancelled. */
interface CallSite extends Site {
  readonly signal: AbortSignal;
}

/** A loaded model as a writer of texts. */
export function createTextModel(
  model: LlamaModel,
  context: LlamaContext,
  contextTokens: number,
): TextModel {
  const template = readTemplate(model);
  const tokenizer = createTokenizer(model, template ?? '');
  const chat =
    template === undefined
      ? undefined
      : openTemplate(model, template, contextTokens * MAX_BYTES_PER_TOKEN);
  // Whoever asks for it hears of its failure.
  chat?.catch(() => undefined);
  const internals = findInternals(context, model);
  const site: Site = { model, tokenizer, chat };
  return {
    contextTokens,
    openFormat: async () => (await chat)?.format,
    tokenize: (text) => tokenizer.tokenize([{ kind: 'text', text }]),
    tokenizePieces: (pieces) => tokenizer.tokenize(pieces),
    countTokens: (texts, signal) => countTokens(tokenizer, texts, signal),
    detokenize: (tokens, before) =>
      model.detokenize(tokens as LlamaToken[], false, before as LlamaToken[]),
    spell: (tokens, before) =>
      model.detokenize(tokens as LlamaToken[], true, before as LlamaToken[]),
    isSpecial: (token) => model.isSpecialToken(token as LlamaToken),
    renderPrompt: (input, signal) => renderPrompt({ ...site, signal }, input),
    isEnd: (token) => model.isEogToken(token as LlamaToken),
    createSampler: (sampling) => new NativeSampler(internals, sampling, model),
    createGrammar: (grammar) => model.llama.createGrammar({ grammar }),
  };
}

/** The chat template of the model's own file; none of the library's guesses for a model without one. */
function readTemplate(model: LlamaModel): string | undefined {
  const template: unknown = model.fileInfo.metadata.tokenizer.chat_template;
  return typeof template !== 'string' || template.trim() === '' ? undefined : template;
}

function openTemplate(
  model: LlamaModel,
  template: string,
  maxCharacters: number,
): Promise<ChatTemplate> {
  const { general } = model.fileInfo.metadata;
  return openChatTemplate({
    template,
    bosText: model.tokens.bosString,
    architecture: general.architecture,
    name: general.name,
    maxCharacters: Math.max(maxCharacters, MIN_RENDERED_CHARACTERS),
  });
}

/** Also of a tiny context: the conversation may have to be shortened first. */
const MIN_RENDERED_CHARACTERS = 8 * 1024 * 1024;

async function countTokens(
  tokenizer: Tokenizer,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<number[]> {
  const pause = createPauses(signal);
  const counts: number[] = [];
  for (const text of texts) {
    counts.push(await tokenizer.countLong(text, signal));
    await pause();
  }
  return counts;
}

async function renderPrompt(site: CallSite, input: PromptInput): Promise<RenderedPrompt> {
  const none = { isThinking: false, stopStrings: [], stopTokens: new Set<Token>() };
  if ('prompt' in input) return { tokens: await readText(site, input.prompt), ...none };
  const chat = await site.chat;
  if (chat === undefined) {
    return { tokens: await readText(site, joinContents(input.messages)), ...none };
  }
  const { calls, thought } = chat.format;
  const { messages } = input;
  // A template that knows no tools gets none of the library's words for them.
  const tools = calls === undefined ? [] : (input.tools ?? []);
  const thoughts = thought === undefined ? 'none' : thought.isKept ? 'all' : 'lastTurn';
  const { items, results } = toChatItems(messages, thoughts);
  const fence = fenceSpecial({ tools, items }, site.tokenizer.special);
  const rendering = await chat.render(fence);
  const pieces = putTexts(rendering.pieces, new Map([...results, ...fence.texts]));
  const thinking = openThought(chat, items, pieces);
  return {
    tokens: await readPieces(site, [...pieces, ...thinking.pieces]),
    isThinking: thinking.isThinking,
    ...sortStops(site, rendering.stops),
  };
}

/** The library leaves it to its callers to begin the thought that a template begins. */
function openThought(
  { format }: ChatTemplate,
  items: ReturnType<typeof toChatItems>['items'],
  pieces: readonly PromptPiece[],
): { readonly isThinking: boolean; readonly pieces: readonly PromptPiece[] } {
  const { thought } = format;
  if (thought === undefined) return { isThinking: false, pieces: [] };
  const last = items.at(-1);
  const part = last?.type === 'model' ? last.response.at(-1) : undefined;
  const isContinued = part !== undefined && (typeof part === 'string' || part.type === 'segment');
  const opening = textOf(thought.opening).trim();
  const end = pieces.at(-1);
  if (opening !== '' && end?.kind === 'template' && end.text.trimEnd().endsWith(opening)) {
    return { isThinking: true, pieces: [] };
  }
  return thought.isOpenAtStart && !isContinued
    ? { isThinking: true, pieces: thought.opening }
    : { isThinking: false, pieces: [] };
}

function sortStops(
  { model, tokenizer }: Site,
  stops: readonly (readonly PromptPiece[])[],
): Pick<RenderedPrompt, 'stopStrings' | 'stopTokens'> {
  const stopStrings: string[] = [];
  const stopTokens = new Set<Token>();
  for (const stop of stops) {
    const [first] = tokenizer.tokenize(stop);
    const text = textOf(stop).trim();
    if (first !== undefined && model.isSpecialToken(first as LlamaToken)) stopTokens.add(first);
    else if (text !== '') stopStrings.push(text);
  }
  return { stopStrings, stopTokens };
}

async function readText(site: CallSite, text: string): Promise<readonly Token[]> {
  return readPieces(site, [{ kind: 'text', text }]);
}

async function readPieces(
  { model, tokenizer, signal }: CallSite,
  pieces: readonly PromptPiece[],
): Promise<readonly Token[]> {
  const tokens = await tokenizer.tokenizeLong(pieces, signal);
  const { bos, shouldPrependBosToken } = model.tokens;
  if (shouldPrependBosToken && bos !== null && tokens[0] !== bos) tokens.unshift(bos);
  return tokens;
}
