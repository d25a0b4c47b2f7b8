import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const PIECE_BYTES = 4 * 1024 * 1024;

/** Where a text lies in the memory of a process of ours, in UTF-8 or UTF-16: by Linux's /proc. */
export function findInMemory(pid: number, text: string): string[] {
  const needles = [Buffer.from(text), Buffer.from(text, 'utf16le')];
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const piece = Buffer.alloc(PIECE_BYTES);
  const found: string[] = [];
  try {
    for (const [start, end, name] of listRegions(pid)) {
      // The pieces overlap, so that nothing lies between two of them.
      for (let at = start; at < end; at += PIECE_BYTES - 1024) {
        const length = readSafely(memory, piece.subarray(0, Math.min(PIECE_BYTES, end - at)), at);
        for (const needle of needles) {
          const place = piece.subarray(0, length).indexOf(needle);
          if (place !== -1) found.push(`${(at + place).toString(16)} ${name}`);
        }
      }
    }
  } finally {
    closeSync(memory);
  }
  return found;
}

function listRegions(pid: number): [start: number, end: number, name: string][] {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .filter((line) => line.includes(' rw'))
    .map((line) => {
      const [range = '', , , , , name = ''] = line.split(/\s+/);
      const [start = '', end = ''] = range.split('-');
      return [parseInt(start, 16), parseInt(end, 16), name];
    });
}

/** A region may have gone, or be the kernel's own. */
function readSafely(memory: number, into: Buffer, at: number): number {
  try {
    return readSync(memory, into, 0, into.length, at);
  } catch {
    return 0;
  }
}
