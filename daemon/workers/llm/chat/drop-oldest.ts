import type { Message } from '@locara/protocol';

/** Messages that stay or go together: a call without its result would be a question nobody answered. */
export interface MessageGroup {
  readonly messages: readonly Message[];
  /** Tokens of the contents, without what a template adds. */
  readonly tokens: number;
  readonly isKept: boolean;
}

/**
 * Groups a conversation: an assistant’s calls with the results behind them, every other message alone. System
 * messages are kept, and so is everything from the last message of the user on.
 */
export function groupMessages(
  messages: readonly Message[],
  tokens: readonly number[],
): MessageGroup[] {
  const lastUserAt = messages.findLastIndex(({ role }) => role === 'user');
  const keptFrom = lastUserAt < 0 ? messages.length - 1 : lastUserAt;
  const groups: { messages: Message[]; tokens: number; isKept: boolean }[] = [];
  for (const [at, message] of messages.entries()) {
    const last = groups.at(-1);
    const isKept = message.role === 'system' || at >= keptFrom;
    const own = tokens[at] ?? 0;
    if (message.role === 'tool' && last !== undefined && last.messages[0]?.role === 'assistant') {
      last.messages.push(message);
      last.tokens += own;
      last.isKept ||= isKept;
    } else groups.push({ messages: [message], tokens: own, isKept });
  }
  return groups;
}

/** Leaves out the oldest groups that may go, until `excess` tokens are gone or none is left. */
export function dropOldest(groups: readonly MessageGroup[], excess: number): MessageGroup[] {
  let left = excess;
  return groups.filter(({ isKept, tokens }) => {
    if (isKept || left <= 0) return true;
    left -= Math.max(1, tokens);
    return false;
  });
}
