import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvelopeV2 } from '@locara/protocol';
import type { BootReading } from '../../daemon/clock/boot-reading.ts';
import { createDerivations, type Derivations } from '../../daemon/privacy/vault/derivations.ts';
import { createKeystore } from '../../daemon/privacy/vault/keystore/create-keystore.ts';
import {
  createDatabaseFiles,
  type DatabaseFiles,
} from '../../daemon/privacy/vault/keystore/database-files.ts';
import type { Attempt, Keystore } from '../../daemon/privacy/vault/keystore/keystore.ts';
import { makeTemporaryFolder } from './temporary-store.ts';
import { callOf, QUICK_KDF } from './vault.ts';

export const APP = 'acme/notes';
export const DATABASE = 'letters of Ann';
export const RIGHT = 'correct horse';

/** A keystore on files of its own, and a clock that stands still until a test moves it. */
export class KeystoreHome {
  clock: BootReading = { bootId: 'first', elapsedMs: 1_000_000 };
  readonly folder = makeTemporaryFolder();
  files: DatabaseFiles;
  keystore: Keystore;

  constructor() {
    this.files = this.#openFiles();
    this.keystore = this.#open();
  }

  folderOf(appId: string): string {
    return join(this.folder, 'vaults', appId);
  }

  /** The file of the only database of the app. */
  get file(): string {
    const [name = ''] = readdirSync(this.folderOf(APP));
    return join(this.folderOf(APP), name);
  }

  /** As after a restart of the daemon: nothing but the files is left. */
  restart(derivations?: Pick<Derivations, 'argon2'>): void {
    this.files = this.#openFiles();
    this.keystore = this.#open(derivations);
  }

  pass(ms: number): void {
    this.clock = { ...this.clock, elapsedMs: this.clock.elapsedMs + ms };
  }

  initialize(passphrase = RIGHT) {
    const settings = { passphrase: Buffer.from(passphrase), kdf: QUICK_KDF };
    return this.keystore.initialize(callOf(), DATABASE, settings);
  }

  guess(passphrase: string): Promise<Attempt> {
    return this.keystore.unlock(callOf(), DATABASE, { passphrase: Buffer.from(passphrase) });
  }

  async seal(session = 's1'): Promise<EnvelopeV2> {
    const cipher = await this.keystore.cipherOf({ id: session, appId: APP }, DATABASE, 'seal');
    return cipher.seal({ type: 'string', value: 'dear diary' }, {});
  }

  async open(envelope: EnvelopeV2, session = 's1'): Promise<unknown> {
    const cipher = await this.keystore.cipherOf({ id: session, appId: APP }, DATABASE, 'open');
    return cipher.open(envelope, {}).value;
  }

  #openFiles(): DatabaseFiles {
    return createDatabaseFiles({ vault: (appId) => this.folderOf(appId) });
  }

  #open(derivations: Pick<Derivations, 'argon2'> = createDerivations()): Keystore {
    return createKeystore({
      files: this.files,
      bootClock: { read: () => this.clock },
      derivations,
    });
  }
}
