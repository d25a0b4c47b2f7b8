import * as z from 'zod';
import { passphraseOf } from '../passphrase.ts';
import { Base64, Unicode, Vector } from '../values.ts';

export const Passphrase = passphraseOf({ min: 0, max: 4096 }).meta({ id: 'Passphrase' });

export const DatabaseName = Unicode.min(1).max(128);
export const KeyHandle = z.string().max(64).describe('Of `vault.deriveKey`, in this session.');

/** What is encrypted, in the type in which it comes back. */
export const VaultValue = z
  .union([
    z.strictObject({ text: Unicode }),
    z.strictObject({ base64: Base64 }),
    z.strictObject({ json: z.unknown() }),
    z.strictObject({ vector: Vector }),
  ])
  .meta({ id: 'VaultValue' });
export type VaultValue = z.output<typeof VaultValue>;

export const ARGON2_LIMITS = {
  memoryKib: { min: 19 * 1024, default: 64 * 1024, max: 256 * 1024 },
  passes: { min: 2, default: 3, max: 10 },
  lanes: { min: 1, default: 4, max: 16 },
  /** Of memory and passes together: nothing stops a derivation that began, and others wait for it. */
  kibPasses: { max: 1024 * 1024 },
} as const;

/** LocalMode's own are 100,000 to 600,000. */
export const PBKDF2_LIMITS = { iterations: { min: 1, max: 2_000_000 } } as const;

/** Each of them said: what was derived once must open by the same, whatever the defaults become. */
export const ARGON2_FIELDS = {
  name: z.literal('argon2id'),
  memoryKib: z.int().min(ARGON2_LIMITS.memoryKib.min).max(ARGON2_LIMITS.memoryKib.max),
  passes: z.int().min(ARGON2_LIMITS.passes.min).max(ARGON2_LIMITS.passes.max),
  lanes: z.int().min(ARGON2_LIMITS.lanes.min).max(ARGON2_LIMITS.lanes.max),
};

/** What one guess of a passphrase costs. */
export const Argon2Parameters = z
  .strictObject({
    name: ARGON2_FIELDS.name.default('argon2id'),
    memoryKib: ARGON2_FIELDS.memoryKib.default(ARGON2_LIMITS.memoryKib.default),
    passes: ARGON2_FIELDS.passes.default(ARGON2_LIMITS.passes.default),
    lanes: ARGON2_FIELDS.lanes.default(ARGON2_LIMITS.lanes.default),
  })
  .describe(
    'What one guess costs: `memoryKib` times `passes` is at most 1,048,576 (256 MiB with 4 passes, 100 MiB with 10); what asks for more is InvalidParams (`rule: kdf_too_costly`).',
  )
  .meta({ id: 'Argon2Parameters' });
export type Argon2Parameters = z.output<typeof Argon2Parameters>;

export const VALUE_TYPES = ['string', 'bytes', 'json', 'vector'] as const;

/** The envelope that LocalMode writes: nothing but the passphrase binds it. */
export const EnvelopeV1 = z
  .strictObject({
    ciphertext: Base64,
    iv: Base64,
    salt: Base64,
    algorithm: z.literal('AES-GCM'),
    version: z.literal(1),
  })
  .meta({ id: 'EnvelopeV1' });
export type EnvelopeV1 = z.output<typeof EnvelopeV1>;

/** An authenticated value that says by which key it opens, and opens only where it belongs. */
export const EnvelopeV2 = z
  .strictObject({
    version: z.literal(2),
    algorithm: z.literal('A256GCM'),
    type: z.enum(VALUE_TYPES),
    keyId: z.string().max(64).optional().describe('Of the key of a database; absent with `kdf`.'),
    kdf: z
      .strictObject({ ...ARGON2_FIELDS, salt: Base64 })
      .optional()
      .describe('How the key comes of the passphrase.'),
    salt: Base64.describe('32 bytes: of the key of this one value.'),
    commitment: Base64.describe('32 bytes: no other key opens this.'),
    iv: Base64.describe('12 bytes.'),
    ciphertext: Base64.describe('With the tag of 16 bytes at its end.'),
  })
  .meta({ id: 'EnvelopeV2' });
export type EnvelopeV2 = z.output<typeof EnvelopeV2>;

export const Envelope = z.union([EnvelopeV2, EnvelopeV1]);
export type Envelope = z.output<typeof Envelope>;

/** What LocalMode's middleware left in records, the salt of its key kept elsewhere. */
export const MiddlewareValue = z
  .union([
    z.strictObject({ __encrypted: z.literal(true), ciphertext: Base64, iv: Base64 }),
    z.strictObject({ vector: Vector.describe('Longer by 7 floats than what is in it.') }),
  ])
  .meta({ id: 'MiddlewareValue' });

/** Where a value belongs; it opens only where the same is said. */
export const VaultContext = z
  .strictObject({
    purpose: Unicode.max(256).optional(),
    record: Unicode.max(256).optional(),
    field: Unicode.max(256).optional(),
  })
  .describe('Bound to the value, not written into it: say the same to open it.')
  .meta({ id: 'VaultContext' });
export type VaultContext = z.output<typeof VaultContext>;

/** By what a value is encrypted; exactly one. */
export const KEY_FIELDS = {
  passphrase: Passphrase.optional(),
  database: DatabaseName.optional().describe('One that `vault.unlock` opened in this session.'),
  key: KeyHandle.optional(),
};

export const hasOneKey = (given: Readonly<Record<string, unknown>>): boolean =>
  ['passphrase', 'database', 'key'].filter((name) => given[name] !== undefined).length === 1;
export const ONE_KEY_RULE = 'give one of passphrase, database and key';
