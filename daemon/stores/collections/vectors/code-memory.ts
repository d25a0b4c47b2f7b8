const MIB = 1024 * 1024;
/** Half of what the process may take beside what it has loaded. */
const LIMIT_BYTES = 256 * MIB;

/** Something in memory that can be had again from the file. */
export interface Held {
  /** Forget it. */
  release(): void;
}

/** The memory that the codes of a store's collections share: who was used last keeps it. */
export interface CodeMemory {
  /** Whether `bytes` fit, now held by `holder` alone; others are released for it, the longest unused first. */
  claim(holder: Held, bytes: number): boolean;
  /** `holder` was used just now, or has gone. */
  touch(holder: Held): void;
  leave(holder: Held): void;
}

export function createCodeMemory(limitBytes: number = LIMIT_BYTES): CodeMemory {
  /** The longest unused first. */
  const held = new Map<Held, number>();
  const sum = (): number => [...held.values()].reduce((total, bytes) => total + bytes, 0);
  return {
    claim: (holder, bytes) => {
      if (bytes > limitBytes) return false;
      held.delete(holder);
      for (const other of [...held.keys()]) {
        if (sum() + bytes <= limitBytes) break;
        held.delete(other);
        other.release();
      }
      held.set(holder, bytes);
      return true;
    },
    touch: (holder) => {
      const bytes = held.get(holder);
      if (bytes === undefined) return;
      held.delete(holder);
      held.set(holder, bytes);
    },
    leave: (holder) => {
      held.delete(holder);
    },
  };
}
