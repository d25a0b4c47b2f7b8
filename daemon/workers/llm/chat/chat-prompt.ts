import { randomInt } from 'node:crypto';
import type { Message } from '@locara/protocol';
import { RpcError } from '@locara/protocol/errors';
import { parseJson } from '@locara/protocol/parse-json';
import type { PromptPiece } from './chat-format.ts';

/** A conversation as chat templates take it. */
export type ChatItem =
  | { type: 'system' | 'user'; text: string }
  | { type: 'model'; response: (string | FunctionCall | Thought)[] };

export interface FunctionCall {
  type: 'functionCall';
  name: string;
  params: unknown;
  /** A number that stands for the result, or nothing where there is none yet. */
  result: number | '';
  /** Whether it is the first of the calls that were asked for at once. */
  startsNewChunk: boolean;
}

export interface Thought {
  type: 'segment';
  segmentType: 'thought';
  text: string;
  ended: true;
}

export interface ChatItems {
  readonly items: ChatItem[];
  /** The texts that numbers in `items` stand for: templates write results as they are, numbers unquoted. */
  readonly results: ReadonlyMap<string, string>;
}

/** The prompt of a model without a chat template: the contents, one after the other. */
export function joinContents(messages: readonly Message[]): string {
  return messages.map(({ content }) => content).join('\n');
}

/**
 * The items a chat template renders. The last is the model's, to be continued. A `tool` message
 * becomes the result of the call it answers; one that answers none is InvalidParams. Thoughts of turns
 * that are over stay only where the template repeats them. Half characters become U+FFFD.
 */
export function toChatItems(
  messages: readonly Message[],
  thoughts: 'none' | 'lastTurn' | 'all',
): ChatItems {
  const items: ChatItem[] = [];
  const open = new Map<string, FunctionCall>();
  const results = new Map<string, string>();
  const lastUserAt = messages.findLastIndex(({ role }) => role === 'user');
  const thoughtsFrom = { none: Infinity, lastTurn: lastUserAt, all: -1 }[thoughts];
  for (const [at, message] of messages.entries()) {
    const content = message.content.toWellFormed();
    if (message.role === 'tool') {
      takeCall(open, message.toolCallId).result = addResult(results, content);
    } else if (message.role === 'assistant') {
      const isAfterTool = messages[at - 1]?.role === 'tool';
      const response = toResponse(message, { open, hasThought: at > thoughtsFrom });
      const last = items.at(-1);
      if (isAfterTool && last?.type === 'model') last.response.push(...response);
      else items.push({ type: 'model', response });
    } else items.push({ type: message.role, text: content });
  }
  if (items.at(-1)?.type !== 'model') items.push({ type: 'model', response: [] });
  return { items, results };
}

function toResponse(
  { content, reasoning = '', toolCalls = [] }: Message,
  { open, hasThought }: { open: Map<string, FunctionCall>; readonly hasThought: boolean },
): (string | FunctionCall | Thought)[] {
  const text = reasoning.toWellFormed();
  const thought: Thought = { type: 'segment', segmentType: 'thought', text, ended: true };
  const calls = toolCalls.map(({ id, name, arguments: params }, index): FunctionCall => {
    const call: FunctionCall = {
      type: 'functionCall',
      name: name.toWellFormed(),
      params: parseOrKeep(params.toWellFormed()),
      result: '',
      startsNewChunk: index === 0,
    };
    open.set(id, call);
    return call;
  });
  return [
    ...(hasThought && text !== '' ? [thought] : []),
    ...(content === '' ? [] : [content.toWellFormed()]),
    ...calls,
  ];
}

/** Each call has one result. */
function takeCall(open: Map<string, FunctionCall>, id: string | undefined): FunctionCall {
  const call = id === undefined ? undefined : open.get(id);
  if (id === undefined || call === undefined) {
    throw new RpcError('InvalidParams', 'A tool message answers no call before it.', {
      details: { rule: 'tool_call_id' },
    });
  }
  open.delete(id);
  return call;
}

/** Numbers that nobody can foresee, so that no content can pass for one. */
function addResult(results: Map<string, string>, content: string): number {
  const number = randomInt(2 ** 47, 2 ** 48 - 1);
  if (results.has(String(number))) return addResult(results, content);
  results.set(String(number), content);
  return number;
}

/** What stands for a text: a mark of the fence, or the number of a result. */
const PLACEHOLDER = /(W[0-9a-f]{24}x\d+W|(?<!\d)\d{15}(?!\d))/;

/** Puts texts where what stands for them is; they stay text. */
export function putTexts(
  pieces: readonly PromptPiece[],
  texts: ReadonlyMap<string, string>,
): PromptPiece[] {
  if (texts.size === 0) return [...pieces];
  return pieces.flatMap((piece): PromptPiece[] => {
    if (piece.kind === 'token') return [piece];
    return piece.text.split(PLACEHOLDER).map((text) => {
      const own = texts.get(text);
      return own === undefined ? { ...piece, text } : { kind: 'text', text: own };
    });
  });
}

function parseOrKeep(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
