import * as z from 'zod';
import { defineMethod } from '../method.ts';
import { Base64 } from '../values.ts';
import {
  Argon2Parameters,
  hasOneKey,
  KEY_FIELDS,
  ONE_KEY_RULE,
  VaultContext,
} from './vault-shapes.ts';

const errors = [
  'NotFound',
  'Conflict',
  'PayloadTooLarge',
  'Busy',
  'Unavailable',
  'InsufficientResources',
] as const;

const Stream = z.string().max(64);
const Offset = z
  .int()
  .min(0)
  .describe('How many bytes were handed in before: calls may overtake each other.');

/** Bytes of any number in chunks of 64 KiB, each authenticated in its place. */
export const vaultStreamMethods = {
  'vault.openStream': defineMethod({
    summary: 'Begin to encrypt or decrypt bytes of any number, piece by piece.',
    requires: 'session',
    params: z
      .strictObject({
        direction: z.enum(['encrypt', 'decrypt']),
        ...KEY_FIELDS,
        context: VaultContext.optional(),
        kdf: Argon2Parameters.optional().describe('Of a passphrase, when encrypting.'),
        header: Base64.optional().describe('What encrypting began with; needed to decrypt.'),
      })
      .refine(hasOneKey, ONE_KEY_RULE),
    result: z.object({
      stream: Stream,
      header: Base64.optional().describe('When encrypting: goes before the first piece.'),
    }),
    errors,
  }),
  'vault.pushStream': defineMethod({
    summary: 'Hand in the next piece; what comes back is authentic, but perhaps not all.',
    requires: 'session',
    params: z.strictObject({
      stream: Stream,
      offset: Offset,
      data: Base64.describe('At most 1 MiB.'),
    }),
    result: z.object({ data: Base64 }),
    errors,
  }),
  'vault.closeStream': defineMethod({
    summary: 'The end: what was cut off, put in another order or added to is refused here.',
    requires: 'session',
    params: z.strictObject({
      stream: Stream,
      offset: Offset.optional().describe('All of them, unless it is abandoned.'),
      abandon: z.boolean().default(false).describe('Forget it: no last piece, no check.'),
    }),
    result: z.object({ data: Base64 }),
    errors,
  }),
};
