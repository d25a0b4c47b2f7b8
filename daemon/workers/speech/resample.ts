/** The rate every speech model hears. */
const SAMPLE_RATE = 16_000;
export const SAMPLES_PER_MS = SAMPLE_RATE / 1000;

/** Zero crossings of the sinc on each side: about 70 dB of what would fold back is gone. */
const ZERO_CROSSINGS = 16;
/** Distinct sub-sample positions; the usual rates need at most 640. */
const MAX_PHASES = 1024;

/** Low-pass filters, one per position between two input samples. */
interface Kernel {
  readonly taps: number;
  readonly phases: number;
  readonly weights: Float32Array;
}

/** Mono blocks of any rate, -1..1, to 16 kHz Int16 blocks of the same length in time. */
export async function* resample(
  blocks: AsyncIterable<Float32Array> | Iterable<Float32Array>,
  sampleRate: number,
): AsyncGenerator<Int16Array<ArrayBuffer>> {
  if (sampleRate === SAMPLE_RATE) {
    for await (const block of blocks) yield Int16Array.from(block, toInt16);
    return;
  }
  const kernel = createKernel(sampleRate);
  const half = kernel.taps / 2;
  // `held` starts at input sample `heldFrom`; before the first sample and after the last is silence.
  let held = new Float32Array(half);
  let heldFrom = -half;
  let next = 0;
  let frames = 0;
  const drain = (isEnd: boolean): Int16Array<ArrayBuffer> => {
    const ready = isEnd
      ? Math.round((frames * SAMPLE_RATE) / sampleRate)
      : Math.max(next, Math.floor(((frames - half) * SAMPLE_RATE) / sampleRate));
    const out = new Int16Array(ready - next);
    for (let i = 0; i < out.length; i += 1, next += 1) {
      const exact = next * sampleRate;
      const phase = Math.round(((exact % SAMPLE_RATE) / SAMPLE_RATE) * kernel.phases);
      const first = Math.floor(exact / SAMPLE_RATE) - half + 1 - heldFrom;
      out[i] = toInt16(convolve(kernel, phase, held.subarray(first, first + kernel.taps)));
    }
    return out;
  };
  for await (const block of blocks) {
    held = concat(held, block);
    frames += block.length;
    yield drain(false);
    const keepFrom = Math.floor((next * sampleRate) / SAMPLE_RATE) - half;
    held = held.slice(Math.max(0, keepFrom - heldFrom));
    heldFrom = Math.max(heldFrom, keepFrom);
  }
  held = concat(held, new Float32Array(kernel.taps + 1));
  yield drain(true);
}

function createKernel(sampleRate: number): Kernel {
  const cutoff = Math.min(1, SAMPLE_RATE / sampleRate) * 0.95;
  const taps = 2 * Math.ceil(ZERO_CROSSINGS / cutoff);
  const phases = Math.min(SAMPLE_RATE / greatestCommonDivisor(SAMPLE_RATE, sampleRate), MAX_PHASES);
  const weights = new Float32Array((phases + 1) * taps);
  for (let phase = 0; phase <= phases; phase += 1) {
    const row = weights.subarray(phase * taps, (phase + 1) * taps);
    for (let tap = 0; tap < taps; tap += 1) {
      const distance = tap - taps / 2 + 1 - phase / phases;
      row[tap] = sinc(distance * cutoff) * blackman(distance / (taps / 2));
    }
    const sum = row.reduce((total, weight) => total + weight, 0);
    for (let tap = 0; tap < taps; tap += 1) row[tap] = (row[tap] ?? 0) / sum;
  }
  return { taps, phases, weights };
}

function convolve(kernel: Kernel, phase: number, input: Float32Array): number {
  const from = phase * kernel.taps;
  let sum = 0;
  for (let tap = 0; tap < input.length; tap += 1) {
    sum += (input[tap] ?? 0) * (kernel.weights[from + tap] ?? 0);
  }
  return sum;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The Blackman window over -1..1. */
function blackman(x: number): number {
  if (Math.abs(x) >= 1) return 0;
  return 0.42 + 0.5 * Math.cos(Math.PI * x) + 0.08 * Math.cos(2 * Math.PI * x);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function concat(a: Float32Array, b: Float32Array): Float32Array<ArrayBuffer> {
  const joined = new Float32Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

function toInt16(value: number): number {
  return Math.max(-0x8000, Math.min(0x7fff, Math.round(value * 0x8000)));
}
