import { randomBytes } from 'node:crypto';
import { RpcError } from '@locara/protocol';
import { hasRule, masterMissing, unavailable } from './key-errors.ts';
import type { Keyring } from './keyring.ts';
import {
  type MasterDescriptor,
  type MasterKind,
  type MasterPlace,
  readMasterDescriptor,
  writeMasterDescriptor,
} from './master-descriptor.ts';
import { MasterPlaces, type Protection } from './master-places.ts';
import { type Argon2Cost, ARGON2_COST } from '../../secrets/argon2.ts';
import { KEY_BYTES, sealKey, unsealKey } from './sealed-key.ts';
import { createUnlockPace, type UnlockPace } from './unlock-pace.ts';

const PROBE_ACCOUNT = 'probe';
const FORMER_PURPOSE = 'locara|master|former';

export interface MasterKeysOptions {
  /** Where the descriptor and master keys in files are. */
  readonly folder: string;
  /** `automatic`: the keyring where it works, else a file. Of a new home alone. */
  readonly preferred: 'keyring' | 'file' | 'automatic';
  readonly keyring: Keyring;
  /** The same with a short time limit, to find out whether it works. */
  readonly quickKeyring: Keyring;
  readonly argon2?: Argon2Cost;
  readonly pace?: UnlockPace;
  /** While there are any, a missing master key is never replaced. */
  readonly hasWrappedKeys: () => boolean;
}

export interface MasterState {
  readonly kind: MasterKind | undefined;
  /** Some keys may still be wrapped by the master key before. */
  readonly isRotating: boolean;
  readonly hasLeftovers: boolean;
}

/**
 * The master key of a home, and while keys are wrapped anew the one before. Whoever calls takes turns: nothing
 * here may run twice at once, but `unlock` and `show`.
 */
export class MasterKeys {
  readonly #options: MasterKeysOptions;
  readonly #places: MasterPlaces;
  readonly #pace: UnlockPace;

  constructor(options: MasterKeysOptions) {
    const { folder, keyring, argon2 = ARGON2_COST, pace = createUnlockPace() } = options;
    this.#options = options;
    this.#places = new MasterPlaces({ folder, keyring, argon2 });
    this.#pace = pace;
  }

  /** The key that wraps, 32 bytes; made in a new home. Throws Unavailable: locked, missing, unreachable. */
  async current(): Promise<Buffer> {
    const descriptor = await this.#read();
    if (descriptor.master === undefined) return this.#create(descriptor);
    try {
      return await this.#places.get(descriptor.master);
    } catch (error) {
      // Without wrapped keys nothing is lost with it.
      const isLost = hasRule(error, 'master_key_missing') && !this.#options.hasWrappedKeys();
      if (!isLost) throw error;
      return this.#create({ leftovers: descriptor.leftovers });
    }
  }

  /** The key before, while something may still be wrapped by it. */
  async former(): Promise<Buffer | undefined> {
    const { master, former } = await this.#read();
    if (master === undefined || former === undefined) return undefined;
    const key = unsealKey(former, await this.#places.get(master), FORMER_PURPOSE);
    if (key !== undefined) return key;
    throw unavailable('master_key_unreadable', 'The master key before this one does not unwrap.');
  }

  /** Puts a new key in force beside the one before. Throws Conflict while there is one before already. */
  async add(protection: Protection): Promise<void> {
    await this.current();
    const descriptor = await this.#read();
    if (descriptor.former !== undefined) {
      throw new RpcError('Conflict', 'The keys are being wrapped anew: try again later.', {
        details: { rule: 'rotation_unfinished' },
      });
    }
    await this.#install(protection, descriptor);
  }

  /** Nothing is wrapped by the key before any more: it becomes a leftover. */
  async retireFormer(): Promise<void> {
    const { master, leftovers } = await this.#read();
    await this.#write({ master, leftovers });
  }

  /** Destroys keys that are in force no more, and what a killed process left of ones that never were. */
  async destroyLeftovers(): Promise<void> {
    const { master, former, leftovers } = await this.#read();
    if (leftovers.length === 0 || former !== undefined) return;
    const kept: MasterPlace[] = [];
    let failure: unknown;
    for (const place of leftovers) {
      try {
        await this.#places.destroy(place);
      } catch (error) {
        // A keyring that is out of reach must not keep the others.
        kept.push(place);
        failure ??= error;
      }
    }
    await this.#write({ master, leftovers: kept });
    if (kept.length > 0) throw failure;
  }

  /** What protects the keys, without asking for any; no kind before the first store. */
  async describe(): Promise<MasterState> {
    const { master, former, leftovers } = await this.#read();
    return {
      kind: master?.kind,
      isRotating: former !== undefined,
      hasLeftovers: leftovers.length > 0,
    };
  }

  /** Throws as `current` does, but asks the keyring itself, and only for a moment. */
  async probe(): Promise<void> {
    const { master } = await this.#read();
    if (master !== undefined) await this.#places.probe(master, this.#options.quickKeyring);
  }

  /** What protects the first master key of a home. */
  async kindOfNewHome(): Promise<'keyring' | 'file'> {
    const { preferred } = this.#options;
    if (preferred !== 'automatic') return preferred;
    return (await this.#keyringWorks()) ? 'keyring' : 'file';
  }

  /** Whether a keyring works on this machine: an entry is written, read and deleted. */
  async #keyringWorks(): Promise<boolean> {
    const { quickKeyring: keyring } = this.#options;
    const secret = randomBytes(KEY_BYTES);
    try {
      await keyring.set(PROBE_ACCOUNT, secret);
      const found = await keyring.get(PROBE_ACCOUNT);
      await keyring.delete(PROBE_ACCOUNT);
      return found !== undefined && secret.equals(found);
    } catch {
      return false;
    }
  }

  /**
   * By the passphrase, which is zeroed; at once, in no queue with the derivations of apps: the user never waits for
   * them, and the pace allows one guess at a time, of a cost that is set here. Throws Busy when it comes too soon after a wrong one, and
   * InvalidParams (`passphrase_wrong`, `not_locked`).
   */
  async unlock(passphrase: Buffer): Promise<void> {
    try {
      const place = await this.#passphrasePlace();
      // Counted as wrong until it fits, with no wait between: two at once would be two guesses for one wait.
      this.#pace.assertReady();
      this.#pace.wrong();
      if (!(await this.#places.unlock(place, passphrase))) throw wrongPassphrase();
      this.#pace.right();
    } finally {
      passphrase.fill(0);
    }
  }

  /** Throws InvalidParams unless a passphrase protects the keys. */
  async lock(): Promise<void> {
    await this.#passphrasePlace();
    this.#places.forget();
  }

  async #passphrasePlace(): Promise<Extract<MasterPlace, { kind: 'passphrase' }>> {
    const { master } = await this.#read();
    if (master?.kind === 'passphrase') return master;
    throw new RpcError('InvalidParams', 'The keys are not protected by a passphrase.', {
      details: { rule: 'not_locked' },
    });
  }

  async #create(descriptor: MasterDescriptor): Promise<Buffer> {
    if (this.#options.hasWrappedKeys()) throw masterMissing();
    return this.#install({ kind: await this.kindOfNewHome() }, descriptor);
  }

  /** Each step leaves a state that the next process understands: planned, kept, in force. */
  async #install(protection: Protection, { master, leftovers }: MasterDescriptor): Promise<Buffer> {
    const before = master === undefined ? undefined : await this.#places.get(master);
    const key = randomBytes(KEY_BYTES);
    const place = await this.#places.plan(protection, key);
    await this.#write({ master, leftovers: [...leftovers, place] });
    await this.#places.put(place, key);
    await this.#write({
      master: place,
      former: before === undefined ? undefined : sealKey(before, key, FORMER_PURPOSE),
      leftovers: master === undefined ? leftovers : [...leftovers, master],
    });
    return key;
  }

  #read(): Promise<MasterDescriptor> {
    return readMasterDescriptor(this.#options.folder);
  }

  #write(descriptor: MasterDescriptor): Promise<void> {
    return writeMasterDescriptor(this.#options.folder, descriptor);
  }
}

function wrongPassphrase(): RpcError {
  return new RpcError('InvalidParams', 'This is not the passphrase of the keys.', {
    details: { rule: 'passphrase_wrong' },
  });
}
