import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';

const ROTATE_BYTES = 10 * 1024 * 1024;
const KEPT_FILES = 4;

/**
 * A file (0600) that takes whole lines and is set aside as `path.1` … when it is large. Throws when it
 * cannot be opened at first; afterwards nothing does: a full disk loses log lines, not the daemon.
 */
export class LogFile {
  readonly #path: string;
  readonly #rotateBytes: number;
  #fd: number;
  #bytes: number;
  /** The last line did not fit on the disk whole. */
  #isTorn = false;

  constructor(path: string, rotateBytes = ROTATE_BYTES) {
    this.#path = path;
    this.#rotateBytes = rotateBytes;
    this.#fd = openPrivate(path);
    this.#bytes = fstatSync(this.#fd).size;
  }

  write(line: string): void {
    try {
      if (this.#bytes >= this.#rotateBytes) this.#rotate();
      const bytes = Buffer.from(this.#isTorn ? `\n${line}` : line);
      this.#isTorn = true;
      const written = writeSync(this.#fd, bytes);
      this.#bytes += written;
      this.#isTorn = written < bytes.length;
    } catch {
      // Nowhere to say it.
    }
  }

  #rotate(): void {
    const aside = (index: number): string => `${this.#path}.${index}`;
    for (let index = KEPT_FILES - 1; index >= 1; index -= 1) {
      if (statSync(aside(index), { throwIfNoEntry: false }) !== undefined) {
        renameSync(aside(index), aside(index + 1));
      }
    }
    if (statSync(this.#path, { throwIfNoEntry: false }) !== undefined) {
      renameSync(this.#path, aside(1));
    }
    const fresh = openPrivate(this.#path);
    closeSync(this.#fd);
    this.#fd = fresh;
    this.#bytes = 0;
  }
}

function openPrivate(path: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  fchmodSync(fd, 0o600);
  return fd;
}
