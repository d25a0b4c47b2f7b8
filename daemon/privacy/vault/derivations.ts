import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import {
  ARGON2_LIMITS,
  type Argon2Parameters,
  PBKDF2_LIMITS,
  type RpcError,
} from '@locara/protocol';
import { ARGON2_COST, DERIVED_KEY_BYTES, derivePassphraseKey } from '../../secrets/argon2.ts';
import { createFairTurns } from '../../secrets/fair-turns.ts';
import type { PrivacyCall } from '../privacy-call.ts';
import { unfit } from './vault-errors.ts';

export const DEFAULT_KDF: Argon2Parameters = { name: 'argon2id', ...ARGON2_COST };

type Asker = Pick<PrivacyCall, 'session' | 'signal'>;

/**
 * Keys of 32 bytes from passphrases, off the event loop, and one at a time: what a derivation needs of memory is
 * needed once, however many ask. Throws Busy when too many wait. The caller zeroes keys and passphrases.
 */
export interface Derivations {
  /** By the bytes in NFC. Throws InvalidParams (`rule: kdf_too_costly`) before anything is allocated. */
  argon2(
    asker: Asker,
    passphrase: Uint8Array,
    how: { readonly kdf: Argon2Parameters; readonly salt: Uint8Array },
  ): Promise<Buffer>;
  /**
   * By the bytes as they were typed, as LocalMode does; stops at the first key that is accepted. Throws InvalidParams
   * (`rule: kdf_too_costly`).
   */
  pbkdf2(
    asker: Asker,
    passphrase: Uint8Array,
    how: {
      readonly salt: Uint8Array;
      readonly iterations: readonly number[];
      readonly accepts: (key: Buffer, iterations: number) => boolean;
    },
  ): Promise<Buffer | undefined>;
}

const TURNS = { maxWaitingPerOwner: 8, maxWaiting: 64 };
const KIB_PASSES_PER_MS = 500;
const ITERATIONS_PER_MS = 5000;

export function createDerivations(): Derivations {
  const inTurn = createFairTurns(TURNS);
  return {
    argon2: async ({ session, signal }, passphrase, { kdf, salt }) => {
      assertAffordable(kdf);
      const cost = (kdf.memoryKib * kdf.passes) / KIB_PASSES_PER_MS;
      return inTurn({ owner: session.appId, cost, signal }, () =>
        derivePassphraseKey(passphrase, { salt, cost: kdf }),
      );
    },
    pbkdf2: async ({ session, signal }, passphrase, { salt, iterations, accepts }) => {
      const most = Math.max(...iterations);
      if (most > PBKDF2_LIMITS.iterations.max) throw tooCostly();
      const cost = most / ITERATIONS_PER_MS;
      return inTurn({ owner: session.appId, cost, signal }, async () => {
        for (const count of iterations) {
          signal.throwIfAborted();
          const key = await derivePbkdf2(passphrase, salt, count);
          if (accepts(key, count)) return key;
          key.fill(0);
        }
        return undefined;
      });
    },
  };
}

/** Whether one guess costs what an attacker should pay; below, a hash is only good to be replaced. */
export function isStrong({ memoryKib, passes }: Argon2Parameters): boolean {
  return memoryKib >= ARGON2_LIMITS.memoryKib.min && passes >= ARGON2_LIMITS.passes.min;
}

/** Whether it ends soon: nothing stops it once it began, and who comes after it waits. */
export function isAffordable({ memoryKib, passes, lanes }: Argon2Parameters): boolean {
  return (
    memoryKib <= ARGON2_LIMITS.memoryKib.max &&
    passes <= ARGON2_LIMITS.passes.max &&
    lanes <= ARGON2_LIMITS.lanes.max &&
    memoryKib * passes <= ARGON2_LIMITS.kibPasses.max &&
    memoryKib >= 8 * lanes
  );
}

/** Throws InvalidParams (`rule: kdf_too_costly`). */
export function assertAffordable(kdf: Argon2Parameters): void {
  if (!isAffordable(kdf)) throw tooCostly();
}

function tooCostly(): RpcError {
  return unfit('kdf_too_costly', 'This derivation of a key asks for more than is allowed.');
}

async function derivePbkdf2(
  passphrase: Uint8Array,
  salt: Uint8Array,
  iterations: number,
): Promise<Buffer> {
  return promisify(pbkdf2)(passphrase, salt, iterations, DERIVED_KEY_BYTES, 'sha256');
}
