import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createPrivateFile,
  createPrivateFolder,
  destroyFile,
  isFileError,
} from '../../files/durable-files.ts';
import { keysLocked, masterMissing, unavailable } from './key-errors.ts';
import type { Keyring } from './keyring.ts';
import { FIRST_MASTER_FILE, type MasterPlace } from './master-descriptor.ts';
import { type Argon2Cost, derivePassphraseKey, makeSalt } from '../../secrets/argon2.ts';
import { KEY_BYTES, sealKey, unsealKey } from './sealed-key.ts';

const PASSPHRASE_PURPOSE = 'locara|master|passphrase';
const CHECK_TEXT = 'locara master key';
/** While a keyring does not answer, nobody waits for it again. */
const KEYRING_REST_MS = 5000;

/** How a new master key is to be protected. */
export type Protection =
  | { readonly kind: 'file' | 'keyring' }
  | { readonly kind: 'passphrase'; readonly passphrase: Buffer };

export interface MasterPlacesOptions {
  readonly folder: string;
  readonly keyring: Keyring;
  readonly argon2: Argon2Cost;
}

/** Keeps master keys where they are protected, and gets them from there. */
export class MasterPlaces {
  readonly #options: MasterPlacesOptions;
  /** Of a keyring or a passphrase, by their check. */
  readonly #held = new Map<string, Buffer>();
  #keyringFailure: { readonly error: unknown; readonly at: number } | undefined;

  constructor(options: MasterPlacesOptions) {
    this.#options = options;
  }

  /** Where a key is to be; it is not there yet, unless it is wrapped in the place itself. */
  async plan(protection: Protection, key: Buffer): Promise<MasterPlace> {
    const check = checkOf(key);
    switch (protection.kind) {
      case 'file': {
        const isFirst = !existsSync(join(this.#options.folder, FIRST_MASTER_FILE));
        const file = isFirst ? FIRST_MASTER_FILE : `master-${randomName()}.key`;
        return { kind: 'file', check, file };
      }
      case 'keyring':
        return { kind: 'keyring', check, account: `${this.#homeName()}-${randomName()}` };
      case 'passphrase': {
        const salt = makeSalt();
        const cost = this.#options.argon2;
        const wrapping = await derivePassphraseKey(protection.passphrase, { salt, cost });
        const sealed = sealKey(key, wrapping, PASSPHRASE_PURPOSE);
        wrapping.fill(0);
        return { kind: 'passphrase', check, salt: salt.toString('base64'), cost, sealed };
      }
    }
  }

  /** Puts a key where it was planned; reads it back, so that nothing is wrapped by what is not kept. */
  async put(place: MasterPlace, key: Buffer): Promise<void> {
    if (place.kind === 'file') {
      createPrivateFile(join(this.#options.folder, place.file), key);
    } else {
      if (place.kind === 'keyring') await this.#options.keyring.set(place.account, key);
      if (place.kind === 'passphrase') this.#hold(place, Buffer.from(key));
    }
    await this.get(place);
  }

  /** 32 bytes. Throws Unavailable: locked, missing, unreachable, or not this home's. */
  async get(place: MasterPlace): Promise<Buffer> {
    const held = place.check === undefined ? undefined : this.#held.get(place.check);
    if (held !== undefined) return held;
    if (place.kind === 'passphrase') throw keysLocked();
    const key =
      place.kind === 'file' ? await this.#readFile(place.file) : await this.#ask(place.account);
    assertFits(place, key);
    if (place.kind === 'keyring') this.#hold(place, key);
    return key;
  }

  /** Whether a key can be got without asking what is held already. */
  async probe(place: MasterPlace, keyring: Keyring): Promise<void> {
    if (place.kind !== 'keyring') {
      await this.get(place);
      return;
    }
    const secret = await keyring.get(place.account);
    if (secret === undefined) throw masterMissing();
    assertFits(place, Buffer.from(secret));
  }

  /** False when it is another passphrase. */
  async unlock(
    place: Extract<MasterPlace, { kind: 'passphrase' }>,
    passphrase: Buffer,
  ): Promise<boolean> {
    const salt = Buffer.from(place.salt, 'base64');
    const wrapping = await derivePassphraseKey(passphrase, { salt, cost: place.cost });
    const key = unsealKey(place.sealed, wrapping, PASSPHRASE_PURPOSE);
    wrapping.fill(0);
    if (key === undefined) return false;
    assertFits(place, key);
    this.#hold(place, key);
    return true;
  }

  /** Forgets what is held in memory. */
  forget(): void {
    for (const key of this.#held.values()) key.fill(0);
    this.#held.clear();
  }

  async destroy(place: MasterPlace): Promise<void> {
    if (place.check !== undefined) {
      this.#held.get(place.check)?.fill(0);
      this.#held.delete(place.check);
    }
    if (place.kind === 'file') destroyFile(join(this.#options.folder, place.file));
    if (place.kind === 'keyring') await this.#options.keyring.delete(place.account);
  }

  #hold(place: MasterPlace, key: Buffer): void {
    if (place.check !== undefined) this.#held.set(place.check, key);
  }

  async #ask(account: string): Promise<Buffer> {
    const failure = this.#keyringFailure;
    if (failure !== undefined && performance.now() - failure.at < KEYRING_REST_MS) {
      throw failure.error;
    }
    let secret: Uint8Array | undefined;
    try {
      secret = await this.#options.keyring.get(account);
    } catch (error) {
      this.#keyringFailure = { error, at: performance.now() };
      throw error;
    }
    if (secret === undefined) throw masterMissing();
    return Buffer.from(secret);
  }

  async #readFile(name: string): Promise<Buffer> {
    const path = join(this.#options.folder, name);
    try {
      const key = await readFile(path);
      const isPrivate = (statSync(path).mode & 0o077) === 0;
      if (key.length === KEY_BYTES && isPrivate) return key;
    } catch (error) {
      if (isFileError(error, 'ENOENT')) throw masterMissing();
      throw unavailable('master_key_unreadable', 'The file of the master key cannot be read.');
    }
    throw unavailable('master_key_unsafe', 'The master key is damaged or readable by others.');
  }

  /** Of the folder's path: two homes of one user never share a key. */
  #homeName(): string {
    createPrivateFolder(this.#options.folder);
    const path = realpathSync(this.#options.folder);
    return createHash('sha256').update(path).digest('hex').slice(0, 16);
  }
}

function assertFits({ check }: MasterPlace, key: Buffer): void {
  const fits =
    key.length === KEY_BYTES &&
    (check === undefined ||
      timingSafeEqual(Buffer.from(checkOf(key)), Buffer.from(check.padEnd(44).slice(0, 44))));
  if (fits) return;
  throw unavailable(
    'master_key_changed',
    'What is kept as the master key is not the one of this home. Put it back from a backup.',
  );
}

function checkOf(key: Uint8Array): string {
  return createHmac('sha256', key).update(CHECK_TEXT).digest('base64');
}

function randomName(): string {
  return randomBytes(6).toString('hex');
}
