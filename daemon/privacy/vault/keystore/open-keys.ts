import { RpcError } from '@locara/protocol';
import type { ValueCipher } from '../value-cipher.ts';

/** Whose key of which database. */
export interface OpenPlace {
  readonly session: string;
  readonly appId: string;
  readonly database: string;
}

interface OpenKey extends OpenPlace {
  readonly key: Buffer;
  readonly cipher: ValueCipher;
  readonly autoLockMs: number;
  timer: NodeJS.Timeout;
  isOpen: boolean;
}

/** The keys that sessions have open; each is erased when it is locked, left unused, or its session ends. */
export class OpenKeys {
  readonly #keys = new Map<string, OpenKey>();

  /** Takes the key over: it is zeroed when it is locked. One that was open already is replaced. */
  open(
    place: OpenPlace,
    {
      key,
      autoLockMs,
      createCipher,
    }: {
      readonly key: Buffer;
      readonly autoLockMs: number;
      readonly createCipher: (key: Buffer) => ValueCipher;
    },
  ): void {
    this.#lock(this.#keys.get(nameOf(place)));
    const opened: OpenKey = {
      ...place,
      key,
      autoLockMs,
      cipher: createCipher(key),
      isOpen: true,
      timer: this.#lockAfter(place, autoLockMs),
    };
    this.#keys.set(nameOf(place), opened);
  }

  /** Throws Conflict (`vault_locked`) when used after it was locked: an erased key must never encrypt. */
  cipherOf(place: OpenPlace): ValueCipher | undefined {
    const opened = this.#keys.get(nameOf(place));
    if (opened === undefined) return undefined;
    const use = (): ValueCipher => {
      if (!opened.isOpen) throw vaultLocked();
      opened.timer.refresh();
      return opened.cipher;
    };
    return {
      seal: (plain, context) => use().seal(plain, context),
      open: (envelope, context) => use().open(envelope, context),
    };
  }

  isOpen(session: string, database?: string): boolean {
    return this.#select({ session, ...(database === undefined ? {} : { database }) }).length > 0;
  }

  /** Answers how many were open. */
  lock(wanted: Partial<OpenPlace>): number {
    const selected = this.#select(wanted);
    for (const opened of selected) this.#lock(opened);
    return selected.length;
  }

  #select(wanted: Partial<OpenPlace>): OpenKey[] {
    const { session, appId, database } = wanted;
    return [...this.#keys.values()].filter(
      (opened) =>
        (session === undefined || opened.session === session) &&
        (appId === undefined || opened.appId === appId) &&
        (database === undefined || opened.database === database),
    );
  }

  #lock(opened: OpenKey | undefined): void {
    if (opened === undefined) return;
    clearTimeout(opened.timer);
    opened.isOpen = false;
    opened.key.fill(0);
    this.#keys.delete(nameOf(opened));
  }

  #lockAfter(place: OpenPlace, ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#lock(this.#keys.get(nameOf(place)));
    }, ms).unref();
  }
}

export function vaultLocked(): RpcError {
  return new RpcError('Conflict', 'The database is locked: call vault.unlock first.', {
    details: { rule: 'vault_locked' },
  });
}

function nameOf({ session, appId, database }: OpenPlace): string {
  return JSON.stringify([session, appId, database]);
}
