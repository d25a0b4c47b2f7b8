import type { Message } from '@locara/protocol';

/** How to load a model. Chosen by the daemon; a client never reaches the engine's options. */
export interface LlmStart {
  readonly modelPath: string;
  readonly purpose: 'generate' | 'embed';
  /** Tokens of context, already clamped to what model and memory allow. */
  readonly contextTokens: number;
  /** Sequences that generate side by side. */
  readonly sequences: number;
  readonly threads: number;
}

/** How the next token is chosen, and when to stop. */
export interface Sampling {
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly seed?: number;
  readonly stop: readonly string[];
  /** A JSON Schema the text must satisfy. */
  readonly schema?: Readonly<Record<string, unknown>>;
}

/** What to continue: a conversation through the model’s template, or a plain text. */
export interface GenerateParams {
  readonly input: { readonly messages: readonly Message[] } | { readonly prompt: string };
  readonly sampling: Sampling;
}

/** The whole text, and what it took. */
export interface Generated {
  readonly content: string;
  readonly finishReason: 'stop' | 'length';
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  /** From the engine's start of the call to its first token, milliseconds. */
  readonly firstTokenMs: number;
}

/** The operations of the llm worker: text generation and embeddings, one model per process. */
export interface LlmOps {
  generate: {
    params: GenerateParams;
    chunk: { readonly delta: string };
    result: Generated;
  };
  countTokens: {
    params: { readonly input: GenerateParams['input'] };
    chunk: never;
    result: { readonly tokens: number };
  };
  embed: {
    params: { readonly texts: readonly string[] };
    chunk: never;
    /** Raw vectors, one per text, not normalised. */
    result: { readonly vectors: readonly Float32Array[]; readonly promptTokens: number };
  };
}
