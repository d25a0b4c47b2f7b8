import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readOwnFile } from '../../files/read-own-file.ts';
import { syncFolder } from '../../files/write-atomically.ts';
import { type Check, LedgerDamaged, NO_CHECK } from './ledger-lines.ts';

const WRITE = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
/** Stands for a ledger that is not there yet; as long as a check, so that one mark covers the one before. */
const NOTHING = '-'.repeat(16);
const MARK = /^(-{16}|[0-9a-f]{16}) ([0-9a-f]{16})\n$/;
const MARK_BYTES = 34;

/**
 * How far a ledger came, kept apart from it, beside its key: one that was removed, cut off or put back from a backup
 * does not come as far. While the ledger is replaced there are two ends, either of which a crash may leave.
 */
export class LedgerMark {
  readonly #path: string;

  constructor(keyPath: string) {
    this.#path = markPathOf(keyPath);
  }

  /** The checks of which a ledger must hold one; undefined where there never was a ledger. Throws LedgerDamaged. */
  async read(): Promise<ReadonlySet<Check> | undefined> {
    const file = await readOwnFile(this.#path, MARK_BYTES);
    if ('absent' in file) return undefined;
    const text = 'bytes' in file ? Buffer.from(file.bytes).toString('latin1') : '';
    const [, before, after] = MARK.exec(text) ?? [];
    if (before === undefined || after === undefined) {
      throw new LedgerDamaged('its mark cannot be read');
    }
    return new Set([before === NOTHING ? NO_CHECK : before, after]);
  }

  /** Once the ledger holds this on the disk: a mark that is lost with the power is an earlier one, which still fits. */
  async advance(check: Check): Promise<void> {
    await this.#write(check, check);
  }

  /** Durably, before another ledger takes the place of the one there is. */
  async announce(before: Check, after: Check): Promise<void> {
    await this.#write(before, after, { isDurable: true });
    await syncFolder(dirname(this.#path));
  }

  async #write(before: Check, after: Check, { isDurable = false } = {}): Promise<void> {
    await using file = await open(this.#path, WRITE, 0o600);
    await file.write(`${before === NO_CHECK ? NOTHING : before} ${after}\n`, 0);
    if (isDurable) await file.datasync();
  }
}

export function markPathOf(keyPath: string): string {
  return `${keyPath}.mark`;
}

export async function removeMark(keyPath: string): Promise<void> {
  await rm(markPathOf(keyPath), { force: true });
}
