import * as z from 'zod';
import {
  BUDGET_FIELDS,
  NoiseEffect,
  REDACTION_FIELDS,
  VECTOR_NOISE_FIELDS,
} from './privacy-shapes.ts';
import { DatabaseName, VaultContext } from './vault-shapes.ts';

/** Names what a text gives away before anything else sees the text. */
const RedactStep = z.strictObject({ redact: z.strictObject(REDACTION_FIELDS) });
/** Adds noise to the vectors that come of a text. */
const DpStep = z.strictObject({ dp: z.strictObject({ ...VECTOR_NOISE_FIELDS, ...BUDGET_FIELDS }) });
/** Seals what is handed out or stored with the key of a database that this session unlocked. */
const EncryptStep = z.strictObject({
  encrypt: z.strictObject({ database: DatabaseName, context: VaultContext.optional() }),
});

const STEP_ORDER = ['redact', 'dp', 'encrypt'] as const;
const PIPELINE_RULE = 'each step once, in the order redact, dp, encrypt';

/** Each step works on what the one before left; another order would protect less, so there is none. */
export const Pipeline = z
  .array(z.union([RedactStep, DpStep, EncryptStep]))
  .min(1)
  .max(STEP_ORDER.length)
  .refine(isOrdered, PIPELINE_RULE)
  .meta({ id: 'Pipeline' })
  .describe(
    'What is done for privacy, in this order: `redact` the texts, `dp` (noise on the vectors), `encrypt` what is handed out or stored.',
  );
export type Pipeline = z.output<typeof Pipeline>;

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
