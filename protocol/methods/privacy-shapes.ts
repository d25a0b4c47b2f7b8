import * as z from 'zod';
import { Unicode } from '../values.ts';

const EntityName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'letters, digits and _');

/** The most patterns of its own that one call may bring, and how long each may be. */
export const MAX_CUSTOM_PATTERNS = 32;
export const MAX_CUSTOM_PATTERN_CHARS = 512;

export const CustomPattern = z
  .strictObject({
    name: EntityName,
    pattern: z
      .string()
      .min(1)
      .max(MAX_CUSTOM_PATTERN_CHARS)
      .describe('In the syntax of RE2: no backreference, no look-around; linear in the text.'),
    flags: z
      .string()
      .regex(/^[gimsu]*$/, 'of g, i, m, s, u')
      .optional()
      .describe('As of a JavaScript regular expression; g and u change nothing.'),
    score: z.number().min(0).max(1).default(1),
  })
  .meta({ id: 'CustomPattern' });

const THRESHOLDS = ['strict', 'balanced', 'precise'] as const;

/** What to look for in a text. */
export const DETECTION_FIELDS = {
  patterns: z
    .array(EntityName)
    .max(128)
    .optional()
    .describe(
      'What to look for: short names (`email`, `phone`, `ssn`, `creditCard`, `ip`, `address`, …) or names of entities (`EMAIL_ADDRESS`, …). Everything when left out; nothing but `custom` when empty. What is asked for by the name of its entity is expected: it needs no word beside it.',
    ),
  custom: z.array(CustomPattern).max(MAX_CUSTOM_PATTERNS).optional(),
  threshold: z
    .union([z.enum(THRESHOLDS), z.number().min(0).max(1)])
    .default('balanced')
    .describe(
      'The least score that counts: `strict` 0 (misses least), `balanced` 0.35, `precise` 0.6 (is wrong least).',
    ),
  region: z
    .string()
    .regex(/^[A-Z]{2}$/, 'two capital letters, ISO 3166-1')
    .optional()
    .describe('The country whose national numbers are meant where a text says none.'),
};

export const Entity = z
  .object({
    entity: z.string().describe('As Presidio names it, or the `name` of a custom pattern.'),
    start: z.int().describe('UTF-16 offset of the first unit.'),
    end: z.int().describe('UTF-16 offset behind the last unit.'),
    score: z.number(),
    reason: z.string().describe('Which rule and which proof found it; never what it found.'),
  })
  .meta({ id: 'Entity' });
export type Entity = z.output<typeof Entity>;

/** Recognised without the schema, which would look at thousands one key at a time and leave them as they are. */
export function acceptsEntities(entities: unknown): boolean {
  // `every` would pass over holes.
  return Array.isArray(entities) && entities.findIndex((entity) => !isEntity(entity)) === -1;
}

const ENTITY_KEYS = Object.keys(Entity.shape);

function isEntity(found: unknown): boolean {
  if (typeof found !== 'object' || found === null) return false;
  for (const key in found) if (!ENTITY_KEYS.includes(key)) return false;
  const { entity, start, end, score, reason } = found as Readonly<Record<string, unknown>>;
  return (
    typeof entity === 'string' &&
    Number.isSafeInteger(start) &&
    Number.isSafeInteger(end) &&
    Number.isFinite(score) &&
    typeof reason === 'string'
  );
}

export const Replacement = z
  .union([
    Unicode.max(256),
    z.strictObject({ mode: z.literal('placeholder') }),
    z.strictObject({
      mode: z.literal('mask'),
      keepLast: z.int().min(0).max(8).default(4),
      character: Unicode.min(1).max(2).default('*').describe('Well-formed Unicode.'),
    }),
    z.strictObject({ mode: z.literal('pseudonym') }),
    z.strictObject({ mode: z.literal('drop') }),
    z.strictObject({ mode: z.literal('block') }),
  ])
  .meta({ id: 'Replacement' })
  .describe(
    'A text of well-formed Unicode for each entity, in which `{PATTERN}` stands for its short name in capitals and `{ENTITY}` for its name; or `placeholder` (`[EMAIL_1]`, the same for the same, to be taken back by `privacy.restore`), `mask`, `pseudonym` (the same for the same in this app, for ever), `drop`, `block` (the call is refused if there is any).',
  );
export type Replacement = z.output<typeof Replacement>;
export const DEFAULT_REPLACEMENT = '[{PATTERN}]';

export const REDACTION_FIELDS = {
  ...DETECTION_FIELDS,
  replacement: Replacement.default(DEFAULT_REPLACEMENT),
};

/** The session's name for what placeholders stand for. */
export const RestoreId = z.string().max(64);

export const BudgetName = Unicode.min(1).max(128);
export const Subject = Unicode.min(1)
  .max(256)
  .describe('Whom the data is about; each has an allowance of their own.');

export const Epsilon = z.number().positive().max(1000);
/** At which a loss is told where nobody says it. */
export const DEFAULT_DELTA = 1e-5;
/** Below it a double has too few digits for noise that keeps it. */
export const LEAST_DELTA = 1e-300;
export const Delta = z.number().min(LEAST_DELTA).lt(1).default(DEFAULT_DELTA);

/** Whose allowance a release is charged to. */
export const BUDGET_FIELDS = {
  budget: BudgetName.optional().describe(
    'An allowance made by `privacy.budget.create`; without it the release is recorded, and nothing limits it.',
  ),
  subject: Subject.optional(),
};

/** Privacy loss: what was told, or what may still be. */
export const Loss = z.object({ rho: z.number(), epsilon: z.number() });

/** What a release left of its allowance. */
export const BudgetLeft = z
  .object({
    remaining: Loss.describe('0 where more was released than it allows, which `warn` lets go.'),
    isExhausted: z.boolean().describe('Nothing more ought to be released under it.'),
  })
  .meta({ id: 'BudgetLeft' })
  .describe('What is left of the allowance that this was charged to; absent where none limits it.');
export type BudgetLeft = z.output<typeof BudgetLeft>;

/** What a release cost: added up over releases it bounds what they tell together. */
export const Cost = z
  .object({
    rho: z.number().describe('Of zero-concentrated differential privacy; adds up.'),
    epsilon: z.number(),
    delta: z.number().describe('0 where the guarantee is pure.'),
    records: z.int().describe('How many records were charged, each this much.'),
  })
  .meta({ id: 'PrivacyCost' });
export type Cost = z.output<typeof Cost>;

export const VECTOR_NOISE_FIELDS = {
  mechanism: z.enum(['gaussian', 'laplacian']).default('gaussian'),
  epsilon: Epsilon.default(1),
  delta: Delta.describe('Of the Gaussian mechanism; the Laplacian has none.'),
  clip: z
    .number()
    .positive()
    .max(1e6)
    .default(1)
    .describe('The longest a vector may be, in L2; longer ones are shortened to it.'),
  acceptUselessUtility: z
    .boolean()
    .default(false)
    .describe('Release even vectors that are noise and nothing else (expectedCosine below 0.3).'),
  ...BUDGET_FIELDS,
};

/** What noise did to vectors. */
export const NoiseEffect = z
  .object({
    mechanism: z.enum(['gaussian', 'laplacian']),
    sigma: z.number().describe('Standard deviation of the noise of one coordinate.'),
    expectedCosine: z
      .number()
      .describe('Between a vector of length `clip` and what is released of it, on average.'),
    cost: Cost,
    budget: BudgetLeft.optional(),
  })
  .meta({ id: 'NoiseEffect' });
export type NoiseEffect = z.output<typeof NoiseEffect>;
