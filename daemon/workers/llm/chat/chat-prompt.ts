import type { Message } from '@locara/protocol';
import { RpcError } from '@locara/protocol/errors';

/** A conversation as chat templates take it. */
export type ChatItem =
  | { type: 'system' | 'user'; text: string }
  | { type: 'model'; response: (string | FunctionCall)[] };

export interface FunctionCall {
  type: 'functionCall';
  name: string;
  params: unknown;
  result: unknown;
}

/** The prompt of a model without a chat template: the contents, one after the other. */
export function joinContents(messages: readonly Message[]): string {
  return messages.map(({ content }) => content).join('\n');
}

/**
 * The items a chat template renders. The last is the model's, to be continued. A `tool` message
 * becomes the result of the call it answers; one that answers none is InvalidParams.
 */
export function toChatItems(messages: readonly Message[]): ChatItem[] {
  const items: ChatItem[] = [];
  const open = new Map<string, FunctionCall>();
  for (const message of messages) {
    const content = message.content.toWellFormed();
    if (message.role === 'tool') {
      answerCall(open, message.toolCallId, content);
      continue;
    }
    if (message.role !== 'assistant') {
      items.push({ type: message.role, text: content });
      continue;
    }
    const calls = (message.toolCalls ?? []).map(({ id, name, arguments: text }) => {
      const call: FunctionCall = {
        type: 'functionCall',
        name,
        params: parseJson(text),
        result: '',
      };
      open.set(id, call);
      return call;
    });
    items.push({ type: 'model', response: content === '' ? calls : [content, ...calls] });
  }
  if (items.at(-1)?.type !== 'model') items.push({ type: 'model', response: [] });
  return items;
}

function answerCall(
  open: Map<string, FunctionCall>,
  id: string | undefined,
  content: string,
): void {
  const call = id === undefined ? undefined : open.get(id);
  if (call === undefined) {
    throw new RpcError('InvalidParams', 'A tool message answers no call before it.', {
      details: { rule: 'tool_call_id' },
    });
  }
  call.result = content;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
