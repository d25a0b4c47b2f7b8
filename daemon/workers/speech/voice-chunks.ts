import { SAMPLES_PER_MS } from './resample.ts';

/** A stretch of speech, in samples. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Speech that fits the model's window, with its place in the recording. */
export interface VoiceChunk {
  /** The first of `samples`; a little before the speech. */
  readonly startMs: number;
  readonly samples: Int16Array<ArrayBuffer>;
  readonly speechStartMs: number;
  readonly speechEndMs: number;
}

export interface ChunkOptions {
  /** Longest chunk, milliseconds. */
  readonly windowMs: number;
  /** Where speech is in these samples, in order, not overlapping. */
  readonly detectSpeech: (samples: Int16Array<ArrayBuffer>) => Promise<readonly Span[]>;
}

/** A part of the recording that the detector hears at once. */
interface Piece {
  /** Its place in the recording, samples. */
  readonly from: number;
  readonly samples: Int16Array<ArrayBuffer>;
  readonly isLast: boolean;
}

/** Quiet kept around speech, so that no word loses its edge. */
const PAD = 100 * SAMPLES_PER_MS;
const MIN_PIECE_MS = 30_000;
/** Pauses shorter than this share of the window stay inside a chunk: large models cost per window. */
const JOIN_SHARE = 0.1;
/** Long speech is cut at the quietest of these frames, in the second half of what fits. */
const CUT_FRAME = 30 * SAMPLES_PER_MS;

/** Cuts 16 kHz mono sound of any length into chunks of speech, at pauses where there are some. */
export async function* findVoiceChunks(
  blocks: AsyncIterable<Int16Array<ArrayBuffer>>,
  options: ChunkOptions,
): AsyncGenerator<VoiceChunk> {
  const pieceSamples = Math.max(MIN_PIECE_MS, 2 * options.windowMs) * SAMPLES_PER_MS;
  let from = 0;
  let held: Int16Array<ArrayBuffer>[] = [];
  let heldSamples = 0;
  for await (const block of blocks) {
    held.push(block);
    heldSamples += block.length;
    if (heldSamples < pieceSamples) continue;
    const piece = { from, samples: concat(held), isLast: false };
    const { chunks, done } = await findInPiece(piece, options);
    yield* chunks;
    held = [piece.samples.slice(done)];
    heldSamples -= done;
    from += done;
  }
  const piece = { from, samples: concat(held), isLast: true };
  if (heldSamples > 0) yield* (await findInPiece(piece, options)).chunks;
}

/** The chunks of one piece, and how many of its samples need not be heard again. */
async function findInPiece(
  piece: Piece,
  { windowMs, detectSpeech }: ChunkOptions,
): Promise<{ chunks: VoiceChunk[]; done: number }> {
  const { samples } = piece;
  const maxSpan = windowMs * SAMPLES_PER_MS - 2 * PAD;
  const joinPause = windowMs * SAMPLES_PER_MS * JOIN_SHARE;
  const joined = joinClose(await detectSpeech(samples), { joinPause, maxSpan });
  const spans = joined.flatMap((span) => cutLong(span, samples, maxSpan));
  // Speech at the very end may go on in the next piece: there it is heard again, whole.
  const last = spans.at(-1);
  const isOpen = !piece.isLast && last !== undefined && last.to > samples.length - joinPause;
  const whole = isOpen ? spans.slice(0, -1) : spans;
  const end = whole.at(-1)?.to ?? 0;
  return {
    chunks: whole.map((span, i) =>
      toChunk(piece, span, { before: spans[i - 1]?.to ?? 0, after: spans[i + 1]?.from }),
    ),
    done: Math.max(end, (isOpen ? last.from : samples.length) - PAD),
  };
}

function joinClose(
  spans: readonly Span[],
  { joinPause, maxSpan }: { readonly joinPause: number; readonly maxSpan: number },
): Span[] {
  const joined: Span[] = [];
  for (const span of spans) {
    const previous = joined.at(-1);
    const isClose = previous !== undefined && span.from - previous.to < joinPause;
    if (isClose && span.to - previous.from <= maxSpan) {
      joined[joined.length - 1] = { from: previous.from, to: span.to };
    } else {
      joined.push(span);
    }
  }
  return joined;
}

function cutLong({ from, to }: Span, samples: Int16Array, maxSpan: number): Span[] {
  const pieces: Span[] = [];
  let start = from;
  while (to - start > maxSpan) {
    const cut = findQuietest(samples, {
      from: start + Math.floor(maxSpan / 2),
      to: start + maxSpan,
    });
    pieces.push({ from: start, to: cut });
    start = cut;
  }
  return [...pieces, { from: start, to }];
}

/** The middle of the frame with the least energy. */
function findQuietest(samples: Int16Array, { from, to }: Span): number {
  let quietest = from;
  let leastEnergy = Infinity;
  for (let at = from; at + CUT_FRAME <= to; at += CUT_FRAME / 2) {
    const energy = samples
      .subarray(at, at + CUT_FRAME)
      .reduce((sum, sample) => sum + sample * sample, 0);
    if (energy < leastEnergy) [quietest, leastEnergy] = [at + CUT_FRAME / 2, energy];
  }
  return quietest;
}

/** Pads a span with its surroundings, never further than half-way to its neighbours. */
function toChunk(
  piece: Piece,
  span: Span,
  { before, after = piece.samples.length }: { before: number; after: number | undefined },
): VoiceChunk {
  const from = span.from - Math.min(PAD, Math.floor((span.from - before) / 2));
  const to = span.to + Math.min(PAD, Math.floor((after - span.to) / 2));
  return {
    startMs: Math.round((piece.from + from) / SAMPLES_PER_MS),
    samples: piece.samples.slice(from, to),
    speechStartMs: Math.round((piece.from + span.from) / SAMPLES_PER_MS),
    speechEndMs: Math.round((piece.from + span.to) / SAMPLES_PER_MS),
  };
}

function concat(parts: readonly Int16Array[]): Int16Array<ArrayBuffer> {
  const whole = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
