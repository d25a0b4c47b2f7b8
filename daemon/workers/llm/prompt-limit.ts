import { RpcError } from '@locara/protocol/errors';

/** No text with more bytes per token of context than this is tokenized whole: it would take seconds. */
export const MAX_BYTES_PER_TOKEN = 64;
const SAMPLE_CHARACTERS = 16_384;

/** The room a text must fit into. */
export interface PromptLimit {
  readonly contextTokens: number;
  /** Which of several texts it is. */
  readonly index?: number;
  readonly countTokens: (text: string) => number;
}

/**
 * Refuses a text far too long for the context without tokenizing all of it: ContextOverflow with the
 * count extrapolated from its beginning, or PayloadTooLarge when that beginning hardly has tokens.
 */
export function assertPromptBytes(text: string, limit: PromptLimit): void {
  const { contextTokens, index, countTokens } = limit;
  const maxPromptBytes = contextTokens * MAX_BYTES_PER_TOKEN;
  const promptBytes = Buffer.byteLength(text);
  if (promptBytes <= maxPromptBytes) return;
  const sample = text.slice(0, SAMPLE_CHARACTERS);
  const promptTokens = Math.round((countTokens(sample) / sample.length) * text.length);
  const position = index === undefined ? {} : { index };
  if (promptTokens >= contextTokens) {
    throw contextOverflow({ promptTokens, contextTokens, isEstimate: true, ...position });
  }
  throw new RpcError('PayloadTooLarge', 'The text is too long for the model.', {
    details: { promptBytes, maxPromptBytes, ...position },
  });
}

/** Details: `promptTokens`, `contextTokens`, and where they apply `index` and `isEstimate`. */
export function contextOverflow(details: {
  readonly promptTokens: number;
  readonly contextTokens: number;
  readonly index?: number;
  readonly isEstimate?: boolean;
}): RpcError {
  const { promptTokens, contextTokens, isEstimate = false } = details;
  const message = `The text has ${isEstimate ? 'about ' : ''}${promptTokens} tokens and leaves no room in the context of the model, which holds ${contextTokens}: shorten it, or set \`overflow\` where the method has it.`;
  return new RpcError('ContextOverflow', message, { details });
}
