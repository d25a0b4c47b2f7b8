import type { ParamsInput, PipelineEffect, Result } from '@locara/protocol';
import type { ClientSource } from './client-source.ts';
import type { EncryptedDataV2 } from './encryption.ts';
import type { BaseModel, Encrypting } from './embedding-model.ts';
import type { EmbeddingEvent, EmbeddingSteps } from './middleware.ts';
import { fromWireVector } from './noise.ts';
import { withinBudget } from './privacy-budget-error.ts';
import { createRedaction } from './redaction.ts';
import { toDetection } from './redaction-options.ts';
import { toKeyFields } from './secret.ts';

type EmbedParams = ParamsInput<'embed.create'>;
type EmbedStep = NonNullable<EmbedParams['pipeline']>[number];

export interface EmbedOptions<Model extends BaseModel> {
  readonly model: Model;
  readonly value: string;
  /** Whether it is looked for or found; `document`. */
  readonly kind?: EmbedParams['kind'];
  readonly abortSignal?: AbortSignal;
}

type EmbeddingOf<Model> =
  boolean extends Encrypting<Model>
    ? Float32Array | EncryptedDataV2
    : Encrypting<Model> extends true
      ? EncryptedDataV2
      : Float32Array;

export interface Embedded<Embedding> {
  /** A vector of length 1, or of any with noise; with an encrypting middleware the envelope in its place. */
  readonly embedding: Embedding;
  readonly usage: { readonly tokens: number };
  readonly response: { readonly modelId: string; readonly timestamp: Date };
  /** What the middlewares did, in counts. */
  readonly privacy?: PipelineEffect;
}

export interface Embed {
  /** Throws PrivacyBudgetExhaustedError where noise does not fit into its budget any more. */
  readonly embed: <const Model extends BaseModel>(
    options: EmbedOptions<Model>,
  ) => Promise<Embedded<EmbeddingOf<Model>>>;
}

export function createEmbed(client: ClientSource): Embed {
  const { redactPII } = createRedaction(client);
  const embed = async ({ model, value, kind, abortSignal }: EmbedOptions<BaseModel>) => {
    const { modelId, steps = {} } = typeof model === 'string' ? { modelId: model } : model;
    const { redact } = steps;
    // A function can run nowhere but here.
    const input =
      typeof redact?.replacement === 'function' ? await redactPII(value, redact) : value;
    const call = client().embed.create(
      { model: modelId, input, kind, encoding: 'f32', pipeline: toPipeline(steps) },
      { signal: abortSignal },
    );
    const { embeddings, usage, privacy } = await withinBudget(call);
    return {
      embedding: fromWireEmbedding(embeddings),
      usage: { tokens: usage.promptTokens },
      response: { modelId: nameOf(model), timestamp: new Date() },
      ...(privacy === undefined ? {} : { privacy }),
    };
  };
  const logged = async (options: EmbedOptions<BaseModel>) => {
    const startMs = performance.now();
    const log = (type: EmbeddingEvent['type'], privacy?: PipelineEffect) =>
      logTo(options.model, {
        type,
        durationMs: performance.now() - startMs,
        ...(privacy && { privacy }),
      });
    const embedded = await embed(options).catch(async (error: unknown) => {
      await log('failed');
      throw error;
    });
    await log('embedded', embedded.privacy);
    return embedded;
  };
  return { embed: logged as Embed['embed'] };
}

function toPipeline({ redact, dp, encrypt }: EmbeddingSteps): EmbedStep[] | undefined {
  const steps: EmbedStep[] = [];
  if (redact !== undefined && typeof redact.replacement !== 'function') {
    steps.push({ redact: { ...toDetection(redact), replacement: redact.replacement } });
  }
  if (dp !== undefined) steps.push({ dp });
  if (encrypt !== undefined) steps.push({ encrypt: toKeyFields(encrypt) });
  return steps.length === 0 ? undefined : steps;
}

function fromWireEmbedding([embedding]: Result<'embed.create'>['embeddings']) {
  if (embedding === undefined) throw new TypeError('The daemon answered no embedding.');
  return 'ciphertext' in embedding ? embedding : fromWireVector(embedding);
}

async function logTo(
  model: BaseModel,
  event: Omit<EmbeddingEvent, 'modelId' | 'inputCount'>,
): Promise<void> {
  const loggers = typeof model === 'string' ? [] : (model.steps?.loggers ?? []);
  for (const logger of loggers) await logger({ modelId: nameOf(model), inputCount: 1, ...event });
}

function nameOf(model: BaseModel): string {
  return (typeof model === 'string' ? model : model.modelId) ?? 'default';
}
