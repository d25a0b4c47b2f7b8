import type { ParamsInput, PipelineEffect } from '@locara/protocol';
import type { PrivacyBudget } from './privacy-budget.ts';
import type { RedactionOptions } from './redaction-options.ts';
import { toDetection } from './redaction-options.ts';
import { type Secret, toKeyFields } from './secret.ts';

type EmbedStep = NonNullable<ParamsInput<'embed.create'>['pipeline']>[number];
type StepOf<Name extends string> = Extract<EmbedStep, Readonly<Record<Name, unknown>>>;
export type DpStep = StepOf<'dp'>['dp'];

/** What is logged of an embedding; never what was embedded. */
export interface EmbeddingEvent {
  readonly type: 'embedded' | 'failed';
  /** As the model was named; `default` where the app names none. */
  readonly modelId: string;
  readonly inputCount: number;
  readonly durationMs: number;
  /** What was found, released and encrypted, in counts. */
  readonly privacy?: PipelineEffect;
}
export type EmbeddingLogger = (event: EmbeddingEvent) => void | Promise<void>;

/** What the daemon does to a text and its embedding: each at most once, always in this order. */
export interface EmbeddingSteps {
  readonly redact?: RedactionOptions;
  readonly dp?: DpStep;
  readonly encrypt?: Exclude<Secret, string>;
  readonly loggers?: readonly EmbeddingLogger[];
}

/** A description of work, not the work: the daemon does it when something is embedded. */
export interface EmbeddingMiddleware<Encrypts extends boolean = boolean> {
  readonly steps: EmbeddingSteps;
  /** Whether an envelope comes out in place of a vector. */
  readonly encrypts: Encrypts;
}

/** Redacts a text before the model reads it. */
export function piiRedactionMiddleware(options: RedactionOptions = {}): EmbeddingMiddleware<false> {
  toDetection(options);
  return { steps: { redact: options }, encrypts: false };
}

export interface DpEmbeddingOptions {
  /** 1; at which an embedding of 384 numbers is noise and nothing else. */
  readonly epsilon?: number;
  /** Of the Gaussian mechanism; 1e-5. */
  readonly delta?: number;
  /** `gaussian`. */
  readonly mechanism?: 'gaussian' | 'laplacian';
  /** LocalMode's name for twice `clip`. */
  readonly sensitivity?: number | 'auto';
  /** The longest that a vector may be: a true bound, for longer ones are shortened to it. 1. */
  readonly clip?: number;
  /** Release even what is noise and nothing else; otherwise that is refused. */
  readonly acceptUselessUtility?: boolean;
  /** Whom the texts are about; each has the whole budget. */
  readonly subject?: string;
}

/** Adds noise to the vector, and charges the budget for it, before it leaves the daemon. */
export function dpEmbeddingMiddleware(
  { sensitivity = 'auto', ...options }: DpEmbeddingOptions = {},
  budget?: PrivacyBudget,
): EmbeddingMiddleware<false> {
  if (sensitivity !== 'auto' && options.clip !== undefined) {
    throw new TypeError('Give `clip` or `sensitivity`, which is twice that, not both.');
  }
  const clip = sensitivity === 'auto' ? options.clip : sensitivity / 2;
  return { steps: { dp: { ...options, clip, budget: budget?.name } }, encrypts: false };
}

/** Hands out an envelope in place of the vector: `decryptVector(embedding, key)` opens it. */
export function encryptionMiddleware(
  how: { readonly key: Exclude<Secret, string> } | { readonly database: string },
): EmbeddingMiddleware<true> {
  const secret = typeof how === 'object' && 'key' in how ? how.key : how;
  toKeyFields(secret);
  return { steps: { encrypt: secret }, encrypts: true };
}

/** Tells the app of each embedding, in counts. A logger that fails fails the call: what is not logged is not done. */
export function loggingMiddleware({
  logger,
}: {
  readonly logger: EmbeddingLogger;
}): EmbeddingMiddleware<false> {
  return { steps: { loggers: [logger] }, encrypts: false };
}
