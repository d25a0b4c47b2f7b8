import { randomBytes } from 'node:crypto';
import type { PrivacyCall } from '../../daemon/privacy/privacy-call.ts';
import { createVault } from '../../daemon/privacy/vault/create-vault.ts';
import { createDerivations } from '../../daemon/privacy/vault/derivations.ts';
import { type KeyOrigin, VaultKey } from '../../daemon/privacy/vault/vault-key.ts';
import { vaultLocked } from '../../daemon/privacy/vault/vault-errors.ts';

/** The least that is allowed, so that tests are quick. */
export const QUICK_KDF = { name: 'argon2id', memoryKib: 19 * 1024, passes: 2, lanes: 1 } as const;

export function callOf(appId = 'acme/notes', session = 's1'): PrivacyCall {
  return {
    session: { id: session, appId },
    method: 'vault.encrypt',
    signal: new AbortController().signal,
  };
}

export interface KeyChanges {
  readonly master?: Uint8Array;
  readonly appId?: string;
  readonly store?: string;
  readonly origin?: KeyOrigin;
}

export const MASTER = randomBytes(32);

export function vaultKeyOf(changes: KeyChanges = {}): VaultKey {
  const { master = MASTER, appId = 'acme/notes', store = 'db' } = changes;
  return new VaultKey(Buffer.from(master), {
    origin: changes.origin ?? { keyId: 'k1' },
    owner: { appId, store },
  });
}

/** A vault as the daemon has it, with these databases unlocked. */
export function openVault(databases: Readonly<Record<string, VaultKey>> = {}) {
  return createVault({
    derivations: createDerivations(),
    keystore: {
      keyOf: (_session, database) => {
        const key = databases[database];
        return key === undefined ? Promise.reject(vaultLocked()) : Promise.resolve(key);
      },
      touch: () => undefined,
    },
  });
}
