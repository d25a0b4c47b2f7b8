import { randomBytes } from 'node:crypto';
import { RpcError } from '@locara/protocol';
import type { VaultKey } from './vault-key.ts';

/** By PBKDF2, for what LocalMode wrote. */
export interface LocalModeKey {
  readonly bytes: Buffer;
  /** In base64, as envelopes say it. */
  readonly salt: string;
  readonly iterations: number;
}

export type SessionKey = VaultKey | LocalModeKey;

const MAX_KEYS_PER_SESSION = 64;

/** The keys that sessions derived from passphrases, by handles that mean something in that session alone. */
export interface SessionKeys {
  /** Takes the key over. Throws Busy when the session has too many. */
  add(session: string, key: SessionKey): string;
  /** Throws NotFound. */
  get(session: string, handle: string): SessionKey;
  forget(session: string, handle: string): boolean;
  forgetSession(session: string): void;
  eraseAll(): void;
}

export function createSessionKeys(): SessionKeys {
  const sessions = new Map<string, Map<string, SessionKey>>();
  const forgetSession = (session: string): void => {
    for (const key of sessions.get(session)?.values() ?? []) eraseKey(key);
    sessions.delete(session);
  };
  return {
    add: (session, key) => {
      const keys = sessions.get(session) ?? new Map<string, SessionKey>();
      if (keys.size >= MAX_KEYS_PER_SESSION) {
        eraseKey(key);
        throw new RpcError('Busy', 'This session has too many keys: forget one first.', {
          retryable: false,
          details: { limit: MAX_KEYS_PER_SESSION },
        });
      }
      const handle = `key_${randomBytes(12).toString('base64url')}`;
      sessions.set(session, keys.set(handle, key));
      return handle;
    },
    get: (session, handle) => {
      const key = sessions.get(session)?.get(handle);
      if (key !== undefined) return key;
      throw new RpcError('NotFound', 'This session has no such key.');
    },
    forget: (session, handle) => {
      const key = sessions.get(session)?.get(handle);
      if (key === undefined) return false;
      eraseKey(key);
      return sessions.get(session)?.delete(handle) ?? false;
    },
    forgetSession,
    eraseAll: () => {
      for (const session of [...sessions.keys()]) forgetSession(session);
    },
  };
}

function eraseKey(key: SessionKey): void {
  if ('bytes' in key) key.bytes.fill(0);
  else key.erase();
}
