import { access } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { RpcError } from '@locara/protocol/errors';
import type { EngineCall } from '../engine.ts';
import { type Deadline, settleInTime, untilAborted } from './deadline.ts';
import { IMAGE_LIMITS } from './image-header.ts';
import type { OcrOps, OcrStart } from './ops.ts';
import { medianLineHeight, type Recognised } from './pages.ts';
import { enlarge, type Greyscale, toPgm } from './pixels.ts';

/** Both opening and recognising can hang for ever inside the library, so both have a deadline. */
export interface OcrLimits {
  readonly openTimeoutMs: number;
  readonly recognizeTimeoutMs: number;
  /** WebAssembly memory never shrinks: past this growth the recogniser is opened anew. */
  readonly maxGrowthBytes: number;
}

export type OcrCall = EngineCall<OcrOps['recognize']['chunk']>;

export interface Opening extends Deadline {
  /** Where `<code>.traineddata` lies, for every code. */
  readonly folder: string;
}

/** One open recogniser: a thread with its languages loaded, one image at a time. */
export interface Recogniser {
  /** Of the process, just after opening. */
  readonly rssBytes: number;
  recognize(image: Buffer, onProgress: (share: number) => void): Promise<Recognised>;
  /** The pixels as the recogniser sees them, where it can say. */
  decode(image: Buffer): Promise<Greyscale | undefined>;
  /** Ends the thread at once; what it was doing never settles. */
  close(): void;
}

/** One image to read. */
export interface Job {
  readonly image: Buffer;
  readonly pixels: number;
  readonly languages: readonly string[];
}

/** What was read, in the pixels of the enlarged image. */
export interface Reading {
  readonly recognised: Recognised;
  /** By how much the image was enlarged. */
  readonly factor: number;
}

/** Reads images one after the other. */
export interface Reader {
  /** Opens the first language, so that the first call does not wait. */
  warmUp(): Promise<void>;
  /**
   * Reads one image after the other; a waiting call is cancelled at once, too.
   * Throws NotFound for a language without data, Timeout, Cancelled, and what the recogniser throws.
   */
  read(job: Job, call: OcrCall): Promise<Reading>;
}

export interface ReaderParts {
  readonly files: OcrStart['languages'];
  readonly limits: OcrLimits;
  /** `languages` as `eng+deu`. */
  readonly open: (languages: string, opening: Opening) => Promise<Recogniser>;
}

/** Lines lower than this are read again from an enlarged image (text at 75 DPI has 11 pixels). */
const SMALL_LINE_PIXELS = 16;
const ENLARGEMENT = 3;

/** Keeps one recogniser open for the languages last asked for. */
export function createReader({ files, limits, open }: ReaderParts): Reader {
  let current: { readonly languages: string; readonly recogniser: Recogniser } | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const close = (): void => {
    current?.recogniser.close();
    current = undefined;
  };

  const openFor = async (codes: readonly string[], call: OcrCall): Promise<Recogniser> => {
    const languages = codes.join('+');
    if (current?.languages === languages) return current.recogniser;
    close();
    call.progress({ stage: 'loading' });
    const folder = await findFolder(files, codes);
    const opening = { folder, signal: call.signal, timeoutMs: limits.openTimeoutMs };
    const recogniser = await open(languages, opening);
    current = { languages, recogniser };
    return recogniser;
  };

  const run = async (job: Job, call: OcrCall): Promise<Reading> => {
    let isKept = false;
    try {
      if (call.signal.aborted) throw new RpcError('Cancelled', 'The recognition was cancelled.');
      const recogniser = await openFor(job.languages, call);
      call.progress({ stage: 'running' });
      const deadline = { signal: call.signal, timeoutMs: limits.recognizeTimeoutMs };
      const reading = await settleInTime(readImage(recogniser, job, call), deadline);
      isKept = process.memoryUsage.rss() - recogniser.rssBytes < limits.maxGrowthBytes;
      return reading;
    } finally {
      // After an error, a cancel or a spurt of growth nothing of the old thread is kept.
      if (!isKept) close();
    }
  };

  return {
    warmUp: async () => {
      const first = Object.keys(files).slice(0, 1);
      await openFor(assertLanguages(files, first), SILENT_CALL);
    },
    read: async (job, call) => {
      assertLanguages(files, job.languages);
      const reading = last.then(() => run(job, call));
      last = reading.catch(() => undefined);
      return untilAborted(reading, call.signal);
    },
  };
}

const SILENT_CALL: OcrCall = {
  signal: new AbortController().signal,
  chunk: () => undefined,
  progress: () => undefined,
};

function assertLanguages(
  files: OcrStart['languages'],
  codes: readonly string[],
): readonly string[] {
  const unknown = codes.find((code) => !Object.hasOwn(files, code));
  if (unknown === undefined && codes.length > 0) return codes;
  throw new RpcError('NotFound', `There is no language data for ${unknown ?? 'no language'}.`, {
    details: { language: unknown, available: Object.keys(files) },
  });
}

/** The one folder of these languages' files. A wrong one would make the library wait for ever. */
async function findFolder(files: OcrStart['languages'], codes: readonly string[]): Promise<string> {
  const paths = codes.map((code) => ({ code, path: files[code] ?? '' }));
  const folder = dirname(paths[0]?.path ?? '');
  for (const { code, path } of paths) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (!isThere || dirname(path) !== folder || basename(path) !== `${code}.traineddata`) {
      throw new RpcError('Unavailable', `The language data of ${code} is not in its place.`, {
        details: { language: code },
      });
    }
  }
  return folder;
}

/** Reads the image, and once more enlarged when its letters are small; the surer reading wins. */
async function readImage(recogniser: Recogniser, job: Job, call: OcrCall): Promise<Reading> {
  const onProgress = reportPercent(call);
  const first = await recogniser.recognize(job.image, onProgress);
  const grey = isSmallPrint(first, job.pixels) ? await recogniser.decode(job.image) : undefined;
  if (grey === undefined) return { recognised: first, factor: 1 };
  const enlarged = toPgm(enlarge(grey, ENLARGEMENT));
  const second = await recogniser.recognize(enlarged, onProgress);
  return second.confidence > first.confidence
    ? { recognised: second, factor: ENLARGEMENT }
    : { recognised: first, factor: 1 };
}

function isSmallPrint(recognised: Recognised, pixels: number): boolean {
  const height = medianLineHeight(recognised);
  const fits = pixels * ENLARGEMENT ** 2 <= IMAGE_LIMITS.maxPixels;
  return fits && height !== undefined && height < SMALL_LINE_PIXELS;
}

/** Percent that only ever rise, each said once. */
function reportPercent(call: OcrCall): (share: number) => void {
  let shown = -1;
  return (share) => {
    const completed = Math.floor(Math.min(1, Math.max(0, share)) * 100);
    if (completed <= shown) return;
    shown = completed;
    call.progress({ stage: 'running', completed, total: 100, unit: 'percent' });
  };
}
