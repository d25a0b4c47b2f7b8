import { isUtf8 } from 'node:buffer';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { openRegularFile, readBounded } from '../files/read-bounded.ts';
import { type ChainedEntry, type ChainEnd, MAX_LINE_BYTES, readEntry } from './chain.ts';
import type { Checkpoint } from './checkpoint.ts';

const SEGMENT_NAME = /^\d{12}\.jsonl$/;
/** No segment that the daemon wrote is longer. */
const MAX_SEGMENT_BYTES = 64 * 1024 * 1024;
const LINES_PER_TURN = 200;
const LINE_FEED = 10;

/** A file of the log, named after its first entry. */
export interface Segment {
  readonly path: string;
  /** The number of its first entry. */
  readonly first: number;
}

/** A segment whose lines up to `bytes` are signed for. */
export interface SignedSegment extends Segment {
  /** The hash before its first entry. */
  readonly prev: string;
  readonly bytes: number;
}

/** What the files hold of what the checkpoint signed. */
export interface Scan {
  readonly segments: readonly SignedSegment[];
  /** What is there and signed for, entry by entry, ends here: at the checkpoint when there is no problem. */
  readonly end: ChainEnd;
  readonly problem?: { readonly sentence: string; readonly at: number };
  /** Bytes after the checkpoint's entry, and files that hold nothing else. */
  readonly unsigned: { readonly bytes: number; readonly segments: readonly Segment[] };
}

export function segmentPath(folder: string, first: number): string {
  return join(folder, `${String(first).padStart(12, '0')}.jsonl`);
}

/** The segments in order; anything else in the folder is not the log's. */
export async function listSegments(folder: string): Promise<Segment[]> {
  const names = (await readdir(folder)).filter((name) => SEGMENT_NAME.test(name)).sort();
  return names.map((name) => ({ path: join(folder, name), first: Number(name.slice(0, 12)) }));
}

/** Reads the log from the checkpoint's anchor to the checkpoint, and stops at the first thing that does not fit. */
export async function scanChain(
  folder: string,
  checkpoint: Checkpoint,
  onEntry: (entry: ChainedEntry) => void = () => undefined,
): Promise<Scan> {
  const listed = await listSegments(folder);
  // Retention signs the new anchor first, and deletes then.
  const kept = listed.filter(({ first }) => first > checkpoint.anchor.n);
  const segments: SignedSegment[] = [];
  const unsigned = { bytes: 0, segments: [] as Segment[] };
  let end: ChainEnd = checkpoint.anchor;
  const fail = (sentence: string): Scan => ({
    segments,
    end,
    unsigned,
    problem: { sentence, at: end.n + 1 },
  });

  for (const segment of kept) {
    const bytes = await readSegment(segment.path);
    if (bytes === undefined) return fail('A file of the log cannot be read.');
    if (end.n === checkpoint.n) {
      unsigned.bytes += bytes.length;
      unsigned.segments.push(segment);
      continue;
    }
    if (segment.first !== end.n + 1) return fail('Entries are missing before this one.');
    const prev = end.hash;
    const read = await readLines(bytes, { end, last: checkpoint.n, onEntry });
    end = read.end;
    if (read.isBroken) {
      return fail('This entry was changed, or does not follow the one before it.');
    }
    segments.push({ ...segment, prev, bytes: read.bytes });
    unsigned.bytes += bytes.length - read.bytes;
  }
  if (end.n < checkpoint.n) return fail('The end of the log is missing, from this entry on.');
  if (end.hash === checkpoint.hash) return { segments, end, unsigned };
  const sentence = 'The log is another one than the daemon signed.';
  return { segments, end, unsigned, problem: { sentence, at: end.n } };
}

export async function readSegment(path: string): Promise<Uint8Array | undefined> {
  const file = await openRegularFile(path);
  if (typeof file === 'string') return undefined;
  try {
    return await readBounded(file, MAX_SEGMENT_BYTES);
  } finally {
    await file.close();
  }
}

interface LinesRead {
  readonly end: ChainEnd;
  /** Of the lines that hold. */
  readonly bytes: number;
  readonly isBroken: boolean;
}

interface LinesWanted {
  readonly end: ChainEnd;
  /** The entry to stop after. */
  readonly last: number;
  readonly onEntry: (entry: ChainedEntry) => void;
}

async function readLines(
  bytes: Uint8Array,
  { end: before, last, onEntry }: LinesWanted,
): Promise<LinesRead> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = before;
  let start = 0;
  while (start < text.length && end.n < last) {
    const stop = text.indexOf(LINE_FEED, start);
    const entry = stop === -1 ? undefined : toEntry(text.subarray(start, stop), end);
    if (entry === undefined) return { end, bytes: start, isBroken: true };
    onEntry(entry);
    end = entry;
    start = stop + 1;
    if (end.n % LINES_PER_TURN === 0) await setImmediate();
  }
  return { end: { n: end.n, hash: end.hash }, bytes: start, isBroken: false };
}

function toEntry(line: Buffer, end: ChainEnd): ChainedEntry | undefined {
  // Bytes that are no text would all read as the same replacement sign.
  if (line.length > MAX_LINE_BYTES || !isUtf8(line)) return undefined;
  return readEntry(line.toString('utf8'), end);
}
