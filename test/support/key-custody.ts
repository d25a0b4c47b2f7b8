import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RpcError } from '@locara/protocol';
import type { Paths } from '../../daemon/paths.ts';
import { createKeyCustody, type KeyCustody } from '../../daemon/stores/keys/key-custody.ts';
import type { Keyring } from '../../daemon/stores/keys/keyring.ts';
import type { MasterKeysOptions } from '../../daemon/stores/keys/master-keys.ts';
import { silentLog } from '../fakes/silent-log.ts';

/** A keyring that can be cut off, and that can outlive its process in a file. */
export class TestKeyring implements Keyring {
  isReachable = true;
  readonly #path: string | undefined;
  #secrets: Record<string, string> = {};

  constructor(path?: string) {
    this.#path = path;
  }

  get accounts(): string[] {
    return Object.keys(this.#read()).sort();
  }

  async get(account: string): Promise<Uint8Array | undefined> {
    await this.#answer();
    const secret = this.#read()[account];
    return secret === undefined ? undefined : Buffer.from(secret, 'hex');
  }

  async set(account: string, secret: Uint8Array): Promise<void> {
    await this.#answer();
    this.#write({ ...this.#read(), [account]: Buffer.from(secret).toString('hex') });
  }

  async delete(account: string): Promise<void> {
    await this.#answer();
    const left = Object.entries(this.#read()).filter(([name]) => name !== account);
    this.#write(Object.fromEntries(left));
  }

  #read(): Record<string, string> {
    if (this.#path === undefined) return this.#secrets;
    if (!existsSync(this.#path)) return {};
    return JSON.parse(readFileSync(this.#path, 'utf8')) as Record<string, string>;
  }

  #write(secrets: Record<string, string>): void {
    if (this.#path === undefined) this.#secrets = secrets;
    else writeFileSync(this.#path, JSON.stringify(secrets));
  }

  async #answer(): Promise<void> {
    await Promise.resolve();
    if (this.isReachable) return;
    throw new RpcError('Unavailable', 'The keyring does not answer.', {
      details: { rule: 'keyring_unreachable' },
    });
  }
}

/** The least that Argon2 takes: a test that guesses nothing needs no more. */
const CHEAP_ARGON2 = { memoryKib: 32, passes: 1, lanes: 4 };

export type KeyPaths = Pick<Paths, 'keys' | 'storeKey'>;

export function keyPathsIn(folder: string): KeyPaths {
  const keys = join(folder, 'keys');
  return { keys, storeKey: (storeId) => join(keys, 'stores', `${storeId}.json`) };
}

/** Keys of a home whose new master key is in a file, unless `overrides` say otherwise. */
export function makeCustody(
  paths: KeyPaths,
  overrides: Partial<Omit<MasterKeysOptions, 'folder' | 'hasWrappedKeys'>> = {},
): KeyCustody {
  const keyring = overrides.keyring ?? new TestKeyring();
  return createKeyCustody({
    paths,
    log: silentLog,
    preferred: 'file',
    keyring,
    quickKeyring: keyring,
    argon2: CHEAP_ARGON2,
    ...overrides,
  });
}
