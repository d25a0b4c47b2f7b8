import { RpcError } from '@locara/protocol/errors';
import { assertPromptBytes } from '../prompt-limit.ts';
import type { Token } from '../token.ts';
import type { SlicedTokenizer } from '../vectors/sliced-tokenizer.ts';

/** Throws InvalidParams for a query that is nothing to the model, and ContextOverflow for one far too long. */
export async function tokenizeQuery(
  tokenizer: SlicedTokenizer,
  query: string,
  limit: { readonly contextTokens: number; readonly countTokens: (text: string) => number },
): Promise<Token[]> {
  assertPromptBytes(query, limit);
  const tokens = await tokenizer.tokenize(query);
  if (tokens.length > 0) return tokens;
  throw new RpcError('InvalidParams', 'The query has no word for the model.', {
    details: { rule: 'empty_query' },
  });
}
