import * as z from 'zod';
import { passphraseOf } from '../passphrase.ts';
import { defineControlMethod } from './method.ts';

const MAX_PASSPHRASE_CHARS = 1024;
export const MIN_PASSPHRASE_CHARS = 8;

/** What may protect the master key. */
export const KEY_PROTECTIONS = ['keyring', 'file', 'passphrase'] as const;

const Passphrase = passphraseOf({ min: 1, max: MAX_PASSPHRASE_CHARS });
const NewPassphrase = passphraseOf({ min: MIN_PASSPHRASE_CHARS, max: MAX_PASSPHRASE_CHARS });

/** Who keeps the key that wraps the keys of all stores. */
export const KeysState = z
  .object({
    protection: z
      .enum(KEY_PROTECTIONS)
      .optional()
      .describe('What protects the master key; absent until an app stores something.'),
    state: z
      .enum(['new', 'ready', 'locked', 'unreachable'])
      .describe('`unreachable`: lost, damaged, or kept by something that does not answer.'),
    problem: z.string().optional().describe('Why it cannot be had, and what to do: a sentence.'),
    rule: z.string().optional().describe('The same, stable, for programs.'),
    stores: z.int().describe('How many stores have keys.'),
    isRotating: z.boolean().describe('Some keys may still be wrapped by the master key before.'),
  })
  .meta({ id: 'KeysState' });
export type KeysState = z.output<typeof KeysState>;

const Rewrapped = z.object({
  protection: z.enum(KEY_PROTECTIONS),
  stores: z.int().describe('How many stores have their keys wrapped by the new master key.'),
  unreadable: z.array(z.string()).describe('Stores whose keys were damaged before.'),
});

export const keysMethods = {
  'keys.show': defineControlMethod({
    summary: 'What protects the keys of the stores, and whether they can be had now.',
    params: z.strictObject({}),
    result: KeysState,
  }),
  'keys.rotate': defineControlMethod({
    summary: 'A new master key, protected as the one before; every key is wrapped by it.',
    params: z.strictObject({
      passphrase: Passphrase.optional().describe('The present one, where one protects the keys.'),
    }),
    result: Rewrapped,
  }),
  'keys.rotateStore': defineControlMethod({
    summary: 'A new data key for the store of one app: the store and its backups are copied.',
    params: z.strictObject({ appId: z.string().max(256) }),
    result: z.object({ rotated: z.literal(true) }),
  }),
  'keys.protect': defineControlMethod({
    summary: 'A new master key that something else protects, or another passphrase.',
    params: z.strictObject({
      with: z.enum(KEY_PROTECTIONS),
      passphrase: NewPassphrase.optional().describe('The new one, with `passphrase` alone.'),
    }),
    result: Rewrapped,
  }),
  'keys.unlock': defineControlMethod({
    summary: 'Opens the keys by the passphrase, until the daemon ends or they are locked.',
    params: z.strictObject({ passphrase: Passphrase }),
    result: KeysState,
  }),
  'keys.lock': defineControlMethod({
    summary: 'Closes every store, and forgets the master key until the passphrase comes again.',
    params: z.strictObject({}),
    result: KeysState,
  }),
};
