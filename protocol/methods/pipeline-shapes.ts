import * as z from 'zod';
import { NoiseEffect, REDACTION_FIELDS, RestoreId, VECTOR_NOISE_FIELDS } from './privacy-shapes.ts';
import { DatabaseName, KeyHandle, VaultContext } from './vault-shapes.ts';

const STEP_ORDER = ['redact', 'dp', 'encrypt'] as const;
const PIPELINE_RULE = 'each step once, in the order redact, dp, encrypt';

const REDACT_FIELDS = {
  ...REDACTION_FIELDS,
  restoreId: RestoreId.optional().describe(
    'With placeholders: goes on with those of an earlier redaction of this session, so that texts of several calls agree.',
  ),
};
const RedactStep = z.strictObject({ redact: z.strictObject(REDACT_FIELDS) });
const DpStep = z.strictObject({ dp: z.strictObject(VECTOR_NOISE_FIELDS) });
const Database = DatabaseName.describe('One that `vault.unlock` opened in this session.');

const EncryptStep = z.strictObject({
  encrypt: z
    .strictObject({
      database: Database.optional(),
      key: KeyHandle.optional(),
      context: VaultContext.optional(),
    })
    .refine(
      ({ database, key }) => (database === undefined) !== (key === undefined),
      'give database or key',
    ),
});

/** Each step works on what the one before left; another order would protect less, so there is none. */
export const Pipeline = z
  .array(z.union([RedactStep, DpStep, EncryptStep]))
  .min(1)
  .max(STEP_ORDER.length)
  .refine(isOrdered, PIPELINE_RULE)
  .meta({ id: 'Pipeline' })
  .describe(
    'In this order: `redact` the texts before the model sees them, `dp` adds noise to the vectors, `encrypt` hands out envelopes in place of vectors.',
  );
export type Pipeline = z.output<typeof Pipeline>;

/** Noise on words protects nobody, so that `dp` is none of the steps. */
export const ChatPipeline = z
  .array(
    z.union([
      z.strictObject({
        redact: z.strictObject({
          ...REDACT_FIELDS,
          apply: z
            .enum(['input', 'output', 'both'])
            .default('both')
            .describe('To what the model reads, to what it writes, or to both.'),
        }),
      }),
      EncryptStep,
    ]),
  )
  .min(1)
  .max(2)
  .refine(isOrdered, 'each step once, in the order redact, encrypt')
  .meta({ id: 'ChatPipeline' })
  .describe(
    'In this order: `redact` what the model reads and writes, `encrypt` hands out what it wrote in an envelope, and no chunk in the clear. With `responseFormat`, redacted JSON comes whole at the end, and stays JSON: a number that was redacted is a string then. Tools and schemas are words of the app and stay as they are.',
  );
export type ChatPipeline = z.output<typeof ChatPipeline>;

export const UpsertPipeline = z
  .array(
    z.union([
      RedactStep,
      DpStep,
      z.strictObject({
        encrypt: z.strictObject({
          database: Database,
          keep: z
            .array(z.string().max(128))
            .max(64)
            .default([])
            .describe('Metadata fields that stay readable, so that filters can use them.'),
        }),
      }),
    ]),
  )
  .min(1)
  .max(STEP_ORDER.length)
  .refine(isOrdered, PIPELINE_RULE)
  .meta({ id: 'UpsertPipeline' })
  .describe(
    'In this order: `redact` texts, and in metadata texts and numbers (one that was redacted is a text then; names of fields and ids stay), `dp` adds noise to the vectors, `encrypt` seals text and metadata, which only `text` and `vector` searches then find. The field of `partitionBy` must be kept. A sealed record is cut off at some 190 KB of text, and is never embedded anew.',
  );
export type UpsertPipeline = z.output<typeof UpsertPipeline>;

/** What the steps of a pipeline did, in counts. */
export const PipelineEffect = z
  .object({
    redacted: z.record(z.string(), z.int()).optional().describe('How many of each entity.'),
    restoreId: z.string().optional().describe('With placeholders, for `privacy.restore`.'),
    dp: NoiseEffect.optional(),
    encrypted: z.int().optional().describe('How many values were sealed.'),
  })
  .meta({ id: 'PipelineEffect' });
export type PipelineEffect = z.output<typeof PipelineEffect>;

function isOrdered(steps: readonly Readonly<Record<string, unknown>>[]): boolean {
  const places = steps.map((step) => STEP_ORDER.findIndex((name) => Object.hasOwn(step, name)));
  return places.every((place, index) => index === 0 || place > (places[index - 1] ?? -1));
}
