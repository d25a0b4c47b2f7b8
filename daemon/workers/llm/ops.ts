import type { Message } from '@locara/protocol';

/** How to load a model. Chosen by the daemon; a client never reaches the engine's options. */
export interface LlmStart {
  readonly modelPath: string;
  readonly purpose: 'generate' | 'embed';
  /** Tokens of context of one sequence, already clamped to what model and memory allow. */
  readonly contextTokens: number;
  /** Sequences that generate side by side. */
  readonly sequences: number;
  readonly threads: number;
  /** A folder like node_modules with GPU builds of the engine, absolute; on Linux. */
  readonly enginePackages?: string;
}

/** For whom the worker computes: tags that mean nothing to it, equal for what may share state. */
export interface Caller {
  /** Of the app. Equal callers share what was read before, and one turn. */
  readonly owner: string;
  /** Of the session: at its end, what it left behind is forgotten. */
  readonly session: string;
  readonly isBackground: boolean;
}

/** How the next token is chosen, and when to stop. */
export interface Sampling {
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly repeatPenalty?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly seed?: number;
  readonly stop: readonly string[];
  /** A JSON Schema the text must satisfy. */
  readonly schema?: Readonly<Record<string, unknown>>;
}

/** A function the app offers to the model. */
export interface Tool {
  readonly name: string;
  readonly description?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export type ToolChoice = 'auto' | 'none' | 'required' | { readonly name: string };

/** What to continue: a conversation through the model’s template, or a plain text. */
export type PromptInput =
  | { readonly messages: readonly Message[]; readonly tools?: readonly Tool[] }
  | { readonly prompt: string };

export interface GenerateParams {
  readonly caller: Caller;
  readonly input: PromptInput;
  readonly toolChoice?: ToolChoice;
  readonly overflow?: 'refuse' | 'dropOldest';
  readonly sampling: Sampling;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON that satisfies the parameters of the tool. */
  readonly arguments: string;
}

/** A piece of text, of thought, or one whole call. */
export interface GeneratedChunk {
  readonly delta: string;
  readonly reasoning?: string;
  readonly toolCall?: ToolCall;
}

/** The whole text, and what it took. */
export interface Generated {
  readonly content: string;
  readonly reasoning?: string;
  readonly toolCalls?: readonly ToolCall[];
  readonly finishReason: 'stop' | 'length' | 'tool_calls';
  readonly dropped?: { readonly messages: number; readonly tokens: number };
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  /** From the engine's start of the call to its first token, milliseconds. */
  readonly firstTokenMs: number;
}

export interface RankParams {
  readonly caller: Caller;
  readonly query: string;
  readonly documents: readonly string[];
}

export interface Ranked {
  /** One per document, 0..1, higher is better. Of one model and query alone are they comparable. */
  readonly scores: readonly number[];
  readonly promptTokens: number;
  readonly cachedTokens: number;
}

export interface EmbedParams {
  readonly caller: Caller;
  readonly texts: readonly string[];
  /** What the model was trained to see before each text, and before each piece of one. */
  readonly prefix?: string;
  /**
   * What to do with a text longer than the model reads at once: `chunk` makes the mean of its pieces' vectors,
   * `split` a vector of each piece, or of neighbouring ones where there are more than 64.
   */
  readonly overflow?: 'refuse' | 'chunk' | 'split';
}

/** The operations of the llm worker: text generation and embeddings, one model per process. */
export interface LlmOps {
  generate: {
    params: GenerateParams;
    chunk: GeneratedChunk;
    result: Generated;
  };
  countTokens: {
    params: { readonly input: PromptInput };
    chunk: never;
    result: { readonly tokens: number };
  };
  /** How well each document answers the query. */
  rank: { params: RankParams; chunk: never; result: Ranked };
  embed: {
    params: EmbedParams;
    chunk: never;
    /** Of any length; zeros where the model knows no word of a text. */
    result: {
      readonly vectors: readonly Float32Array[];
      /** How many of them each text has; one each when absent. */
      readonly counts?: readonly number[];
      readonly promptTokens: number;
    };
  };
  /** Drops what a session left behind. */
  forget: { params: { readonly session: string }; chunk: never; result: undefined };
  setThreads: { params: { readonly threads: number }; chunk: never; result: undefined };
}
