import type { VaultKey } from '../vault-key.ts';

/** Whose key of which database. */
export interface OpenPlace {
  readonly session: string;
  readonly appId: string;
  readonly database: string;
}

interface OpenKey extends OpenPlace {
  readonly vaultKey: VaultKey;
  readonly timer: NodeJS.Timeout;
  readonly autoLockMs: number;
  /** By the clock on the wall, for timers stand still while the computer sleeps. */
  usedAt: number;
}

/** The keys that sessions have open; each is erased when it is locked, left unused, or its session ends. */
export class OpenKeys {
  readonly #keys = new Map<string, OpenKey>();

  /** Takes the key over. One that was open already is erased. */
  open(
    place: OpenPlace,
    { vaultKey, autoLockMs }: { readonly vaultKey: VaultKey; readonly autoLockMs: number },
  ): void {
    this.#lock(this.#keys.get(nameOf(place)));
    const timer = setTimeout(() => {
      this.#lock(this.#keys.get(nameOf(place)));
    }, autoLockMs).unref();
    this.#keys.set(nameOf(place), { ...place, vaultKey, timer, autoLockMs, usedAt: Date.now() });
  }

  /** Counts as a use. Once it is locked, an erased key neither encrypts nor decrypts. */
  keyOf(place: OpenPlace): VaultKey | undefined {
    const opened = this.#keys.get(nameOf(place));
    if (opened === undefined || this.#isOverdue(opened)) return undefined;
    opened.timer.refresh();
    opened.usedAt = Date.now();
    return opened.vaultKey;
  }

  isOpen(session: string, database?: string): boolean {
    const selected = this.#select({ session, ...(database === undefined ? {} : { database }) });
    return selected.some((opened) => !this.#isOverdue(opened));
  }

  /** Answers how many were open. */
  lock(wanted: Partial<OpenPlace>): number {
    const selected = this.#select(wanted);
    for (const opened of selected) this.#lock(opened);
    return selected.length;
  }

  /** Of what slept through the time of its timer; it is locked now. */
  #isOverdue(opened: OpenKey): boolean {
    if (Date.now() - opened.usedAt < opened.autoLockMs) return false;
    this.#lock(opened);
    return true;
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
    opened.vaultKey.erase();
    this.#keys.delete(nameOf(opened));
  }
}

function nameOf({ session, appId, database }: OpenPlace): string {
  return JSON.stringify([session, appId, database]);
}
