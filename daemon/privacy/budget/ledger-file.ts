import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openRegularFile } from '../../files/read-bounded.ts';
import { syncFolder } from '../../files/write-atomically.ts';
import {
  type Check,
  LedgerDamaged,
  type LedgerHeader,
  type LedgerRecord,
  MAX_LINE_BYTES,
  NO_CHECK,
  readHeader,
  readLine,
  writeLine,
} from './ledger-lines.ts';
import type { LedgerMark } from './ledger-mark.ts';

const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW;
const WRITE_BYTES = 64 * 1024;
/** A file that charges made longer than this, and than what it is about, is written anew. */
const MIN_GROWTH_BYTES = 1024 * 1024;
const GROWTH = 4;

/** The file of one app's ledger: lines that are only ever added, each on the disk before it counts. Not for concurrent use. */
export class LedgerFile {
  readonly #path: string;
  readonly #header: LedgerHeader;
  readonly #mark: LedgerMark;
  #handle: FileHandle | undefined;
  #check: Check = NO_CHECK;
  #bytes = 0;
  #writtenAnewBytes = 0;
  #isUnsound = true;
  /** A line was read that the mark tells of. */
  #isAsFar = false;

  constructor(path: string, header: Omit<LedgerHeader, 'ledger'>, mark: LedgerMark) {
    this.#path = path;
    this.#header = { ledger: 1, ...header };
    this.#mark = mark;
  }

  /** True until the file holds everything: nothing may be added before it was written anew. */
  get isUnsound(): boolean {
    return this.#isUnsound;
  }

  get isOvergrown(): boolean {
    return this.#bytes > Math.max(MIN_GROWTH_BYTES, GROWTH * this.#writtenAnewBytes);
  }

  /**
   * Tells every record that there is. What follows the last line feed was never acknowledged, and is left out. Throws
   * LedgerDamaged for anything else that was not written like this.
   */
  async read(onRecord: (record: LedgerRecord) => void): Promise<void> {
    const mark = await this.#mark.read();
    const file = await openRegularFile(this.#path);
    if (file === 'absent' && mark?.has(NO_CHECK) !== false) return;
    if (file === 'absent') throw new LedgerDamaged('it was removed');
    if (file === 'not a regular file') throw new LedgerDamaged('it is no regular file');
    await using opened = file;
    if (mark === undefined) throw new LedgerDamaged('its mark is lost');
    const onLine = (content: object, check: Check): void => {
      if (this.#bytes === 0) readHeader(content, this.#header);
      else tell(onRecord, content as LedgerRecord);
      this.#isAsFar ||= mark.has(check);
    };
    let rest: Buffer = Buffer.alloc(0);
    for (;;) {
      const { bytesRead, buffer } = await opened.read(Buffer.alloc(WRITE_BYTES));
      if (bytesRead === 0) break;
      rest = this.#readLines(Buffer.concat([rest, buffer.subarray(0, bytesRead)]), onLine);
    }
    // Its first lines came by a rename, and others before the mark: no crash leaves less of them.
    if (!this.#isAsFar) throw new LedgerDamaged('it is cut off, or an earlier one');
    this.#isUnsound = rest.length > 0;
    this.#writtenAnewBytes = this.#bytes;
  }

  /** Durable when it resolves. When it throws, any part of it may be on the disk, and the file is unsound. */
  async append(records: readonly LedgerRecord[]): Promise<void> {
    if (this.#isUnsound) throw new Error('the ledger has to be written anew first');
    let check = this.#check;
    const lines = records.map((record) => {
      const written = writeLine(check, record);
      check = written.check;
      return written.line;
    });
    const bytes = Buffer.from(lines.join(''));
    this.#isUnsound = true;
    this.#handle ??= await open(this.#path, APPEND);
    await writeAll(this.#handle, bytes);
    await this.#handle.datasync();
    // Durable in a file that is gone is not durable.
    if ((await this.#handle.stat()).nlink === 0) throw new Error('the ledger was removed');
    await this.#mark.advance(check);
    this.#isUnsound = false;
    this.#check = check;
    this.#bytes += bytes.length;
  }

  /** Replaces the file: a crash leaves the old one or the new one whole. Where it throws, nothing was forgotten. */
  async writeAnew(records: Iterable<LedgerRecord>): Promise<void> {
    await makeFolder(dirname(this.#path));
    const staged = `${this.#path}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      const { check, bytes } = await this.#writeStaged(staged, records);
      // From here on either of the two may be what a crash leaves.
      this.#isUnsound = true;
      await this.close();
      await this.#mark.announce(this.#check, check);
      await rename(staged, this.#path);
      this.#check = check;
      await syncFolder(dirname(this.#path));
      await this.#mark.advance(check);
      this.#isUnsound = false;
      this.#bytes = bytes;
      this.#writtenAnewBytes = bytes;
    } catch (error) {
      await rm(staged, { force: true });
      throw error;
    }
  }

  /** Memory knows what the file was never told: it has to be written anew. */
  distrust(): void {
    this.#isUnsound = true;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #writeStaged(
    path: string,
    records: Iterable<LedgerRecord>,
  ): Promise<{ check: Check; bytes: number }> {
    await using file = await open(path, 'wx', 0o600);
    let { line: waiting, check } = writeLine(NO_CHECK, this.#header);
    let bytes = 0;
    const flush = async () => {
      const content = Buffer.from(waiting);
      waiting = '';
      bytes += content.length;
      await writeAll(file, content);
    };
    for (const record of records) {
      const written = writeLine(check, record);
      waiting += written.line;
      check = written.check;
      if (waiting.length > WRITE_BYTES) await flush();
    }
    await flush();
    await file.sync();
    return { check, bytes };
  }

  /** Reads whole lines; answers what is left. */
  #readLines(bytes: Buffer, onLine: (content: object, check: Check) => void): Buffer {
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      const { content, check } = readLine(this.#check, bytes.toString('utf8', start, end));
      onLine(content, check);
      this.#check = check;
      this.#bytes += end + 1 - start;
      start = end + 1;
    }
    if (bytes.length - start > MAX_LINE_BYTES) throw new LedgerDamaged('a line is too long');
    return bytes.subarray(start);
  }
}

/** What was written whole, and makes no sense, is damage as well. */
function tell(onRecord: (record: LedgerRecord) => void, record: LedgerRecord): void {
  try {
    onRecord(record);
  } catch (error) {
    if (error instanceof LedgerDamaged) throw error;
    throw new LedgerDamaged('a line makes no sense', { cause: error });
  }
}

/** The folder, durably: also the entries of those that were made for it. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) {
    await syncFolder(dirname(made));
  }
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += (await file.write(bytes, written, bytes.length - written)).bytesWritten;
  }
}
