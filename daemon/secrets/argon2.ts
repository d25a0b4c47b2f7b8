import { argon2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { ARGON2_LIMITS, RpcError } from '@locara/protocol';
import * as z from 'zod';

export const DERIVED_KEY_BYTES = 32;
const SALT_BYTES = 16;

/** What one guess costs. */
export const Argon2Cost = z.strictObject({
  memoryKib: z
    .int()
    .min(8)
    .max(4 * 1024 * 1024),
  passes: z.int().min(1).max(64),
  lanes: z.int().min(1).max(64),
});
export type Argon2Cost = z.output<typeof Argon2Cost>;

/** What a new passphrase is worth: 0.1 to 0.4 s and 64 MiB a guess; RFC 9106's second choice. */
export const ARGON2_COST: Argon2Cost = {
  memoryKib: ARGON2_LIMITS.memoryKib.default,
  passes: ARGON2_LIMITS.passes.default,
  lanes: ARGON2_LIMITS.lanes.default,
};

export function makeSalt(): Buffer {
  return randomBytes(SALT_BYTES);
}

/**
 * A key of 32 bytes, by Argon2id off the event loop. The caller zeroes it, and bounds the cost. Throws Unavailable
 * (`rule: no_argon2`) where this Node was built without it: nothing weaker stands in.
 */
export async function derivePassphraseKey(
  passphrase: Uint8Array,
  { salt, cost }: { readonly salt: Uint8Array; readonly cost: Argon2Cost },
): Promise<Buffer> {
  try {
    return await promisify(argon2)('argon2id', {
      message: passphrase,
      nonce: salt,
      memory: cost.memoryKib,
      passes: cost.passes,
      parallelism: cost.lanes,
      tagLength: DERIVED_KEY_BYTES,
    });
  } catch (error) {
    throw toArgon2Error(error);
  }
}

const LEAST_COST: Argon2Cost = { memoryKib: 8, passes: 1, lanes: 1 };

/** Whether Argon2id works here, by doing it: a Node whose OpenSSL lacks it has the function all the same. */
export async function hasArgon2(): Promise<boolean> {
  try {
    await derivePassphraseKey(Buffer.alloc(1), { salt: makeSalt(), cost: LEAST_COST });
    return true;
  } catch {
    return false;
  }
}

/** What is told of an Argon2 that failed. */
export function toArgon2Error(error: unknown): unknown {
  const isMissing = (error as NodeJS.ErrnoException).code === 'ERR_CRYPTO_ARGON2_NOT_SUPPORTED';
  if (!isMissing) return error;
  const message =
    'This Node has no Argon2, so that no passphrase can be used: start the daemon by `locarad`, which takes the pinned one.';
  return new RpcError('Unavailable', message, { details: { rule: 'no_argon2' }, cause: error });
}
