import * as z from 'zod';
import { defineMethod } from '../method.ts';
import { Base64 } from '../values.ts';
import {
  Argon2Parameters,
  Envelope,
  hasOneKey,
  KEY_FIELDS,
  KeyHandle,
  MiddlewareValue,
  ONE_KEY_RULE,
  Passphrase,
  PBKDF2_LIMITS,
  VaultContext,
  VaultValue,
} from './vault-shapes.ts';

const errors = [
  'NotFound',
  'Conflict',
  'PayloadTooLarge',
  'Busy',
  'Unavailable',
  'InsufficientResources',
  'Cancelled',
] as const;

const Iterations = z
  .int()
  .min(PBKDF2_LIMITS.iterations.min)
  .max(PBKDF2_LIMITS.iterations.max)
  .describe("Of PBKDF2, which LocalMode's envelopes need.");

export const vaultMethods = {
  'vault.encrypt': defineMethod({
    summary:
      'Encrypt a text, bytes, JSON or a vector into an envelope that this app alone can open.',
    requires: 'session',
    params: z
      .strictObject({
        value: VaultValue,
        ...KEY_FIELDS,
        context: VaultContext.optional(),
        version: z
          .union([z.literal(1), z.literal(2)])
          .default(2)
          .describe(
            '1 is what LocalMode reads: by a passphrase, or a key by PBKDF2, and bound to nothing.',
          ),
        iterations: Iterations.optional().describe('Of version 1; 100,000.'),
        kdf: Argon2Parameters.optional().describe('Of version 2 with a passphrase.'),
      })
      .refine(hasOneKey, ONE_KEY_RULE),
    result: z.object({ envelope: Envelope }),
    errors,
  }),
  'vault.decrypt': defineMethod({
    summary: 'Open an envelope; whatever does not fit, it stays shut.',
    requires: 'session',
    params: z
      .strictObject({
        envelope: z
          .union([Envelope, MiddlewareValue])
          .describe("LocalMode's middleware values open by `key` alone."),
        ...KEY_FIELDS,
        context: VaultContext.optional(),
        iterations: Iterations.optional().describe(
          'Of version 1, which does not say; else those in use are tried.',
        ),
        as: z
          .enum(['string', 'bytes', 'json', 'vector'])
          .optional()
          .describe('What version 1 holds, which does not say; bytes.'),
      })
      .refine(hasOneKey, ONE_KEY_RULE),
    result: z.object({ value: VaultValue }),
    errors,
  }),
  'vault.deriveKey': defineMethod({
    summary: 'A key from a passphrase, for many values; it stays in the daemon, for this session.',
    requires: 'session',
    params: z.strictObject({
      passphrase: Passphrase,
      salt: Base64.optional().describe(
        'Of an earlier derivation, at least 16 bytes; else a new one.',
      ),
      kdf: Argon2Parameters.optional(),
      iterations: Iterations.optional().describe(
        'By PBKDF2, for what LocalMode wrote with such a key.',
      ),
    }),
    result: z.object({
      key: KeyHandle,
      salt: Base64,
      kdf: z.union([
        Argon2Parameters,
        z.object({ name: z.literal('pbkdf2'), iterations: z.int() }),
      ]),
    }),
    errors,
  }),
  'vault.forgetKey': defineMethod({
    summary: 'Erase a derived key.',
    requires: 'session',
    params: z.strictObject({ key: KeyHandle }),
    result: z.object({ forgotten: z.boolean() }),
  }),
  'vault.hashPassphrase': defineMethod({
    summary: 'A salted, memory-hard hash by which a passphrase can be recognised.',
    requires: 'session',
    params: z.strictObject({ passphrase: Passphrase, kdf: Argon2Parameters.optional() }),
    result: z.object({ hash: z.string().describe('In the PHC format.') }),
    errors,
  }),
  'vault.verifyPassphrase': defineMethod({
    summary: 'Whether a passphrase is the one that was hashed.',
    requires: 'session',
    params: z.strictObject({ passphrase: Passphrase, hash: z.string().max(512) }),
    result: z.object({
      valid: z.boolean(),
      needsRehash: z.boolean().describe('An unsalted or too cheap hash: hash anew.'),
    }),
    errors,
  }),
};
