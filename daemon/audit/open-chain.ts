import { mkdir, readdir, rename, rm, truncate } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LEFTOVER } from '../files/remove-leftovers.ts';
import { writeAtomically } from '../files/write-atomically.ts';
import { type ChainedEntry, type ChainEnd, NO_HASH } from './chain.ts';
import { ChainFile, type ChainPlace } from './chain-file.ts';
import { type Checkpoint, readCheckpointFile, signCheckpoint } from './checkpoint.ts';
import { listSegments, scanChain } from './scan-chain.ts';

/** What does not fit, and at which entry. */
export interface Problem {
  readonly sentence: string;
  readonly at: number;
}

/** The log, and what opening it found. */
export interface OpenedChain {
  readonly file: ChainFile;
  readonly isNew: boolean;
  /** Of the log that was set aside. */
  readonly problem?: Problem;
  /** Bytes that no checkpoint covers, as a crash leaves them: nothing of them was acknowledged. */
  readonly cutBytes: number;
}

const START: ChainEnd = { n: 0, hash: NO_HASH };

/** Reads and verifies the whole log; one that does not hold is set aside. Throws when the disk does not let it. */
export async function openChain(
  place: ChainPlace,
  onEntry: (entry: ChainedEntry) => void,
): Promise<OpenedChain> {
  await mkdir(place.folder, { recursive: true, mode: 0o700 });
  await removeLeftovers(place.checkpoint.path);
  const checkpoint = await readCheckpointFile(place.checkpoint);
  if (checkpoint === 'absent' && (await listSegments(place.folder)).length === 0) {
    return { file: await beginChain(place, START), isNew: true, cutBytes: 0 };
  }
  if (typeof checkpoint === 'string') {
    const sentence = `The checkpoint of the log is ${checkpoint}.`;
    return startOver(place, { sentence, at: 0 });
  }
  const { segments, end, problem, unsigned } = await scanChain(place.folder, checkpoint, onEntry);
  if (problem !== undefined) return startOver(place, problem, checkpoint);
  for (const { path } of unsigned.segments) await rm(path);
  const last = segments.at(-1);
  if (last !== undefined) await truncate(last.path, last.bytes);
  const file = new ChainFile(place, { end, anchor: checkpoint.anchor, segments });
  await file.deleteDropped();
  return { file, isNew: false, cutBytes: unsigned.bytes };
}

/** Sets the log aside, beside its folder, and begins another whose numbers go on from the last signed one. */
export async function startOver(
  place: ChainPlace,
  problem: Problem,
  last: ChainEnd = START,
): Promise<OpenedChain> {
  const stamp = new Date().toISOString().replaceAll(/[^0-9TZ]/g, '');
  await rename(
    place.folder,
    join(dirname(place.folder), `${basename(place.folder)}-damaged-${stamp}`),
  );
  await mkdir(place.folder, { recursive: true, mode: 0o700 });
  const file = await beginChain(place, { n: last.n, hash: last.hash });
  return { file, isNew: true, problem, cutBytes: 0 };
}

/** Signed before there is an entry: a log without a checkpoint has always lost it. */
async function beginChain(
  { folder, checkpoint, limits }: ChainPlace,
  end: ChainEnd,
): Promise<ChainFile> {
  const signed: Checkpoint = { ...end, at: new Date().toISOString(), anchor: end };
  await writeAtomically(checkpoint.path, signCheckpoint(signed, checkpoint.privateKey));
  return new ChainFile({ folder, checkpoint, limits }, { end, anchor: end, segments: [] });
}

async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    if (name.startsWith(`${basename(path)}.`) && LEFTOVER.test(name)) await rm(join(folder, name));
  }
}
