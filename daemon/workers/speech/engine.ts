import { createRequire } from 'node:module';
import type { Segment } from '@locara/protocol';
import { RpcError } from '@locara/protocol/errors';
import type { EngineDevice } from '../device.ts';
import type { EngineCall, LoadedEngine } from '../engine.ts';
import { openRecording } from './decode.ts';
import { assertLanguage } from './languages.ts';
import type { SpeechOps, SpeechStart, TranscribeParams } from './ops.ts';
import { SAMPLES_PER_MS } from './resample.ts';
import { type Heard, joinText, placeWords, toSegments, toWords } from './segments.ts';
import { findVoiceChunks, type Span, type VoiceChunk } from './voice-chunks.ts';

/** What is used of `@fugood/node-whisper-<platform>-<arch>` 1.1.1. Sound is 16 kHz mono Int16. */
interface WhisperAddon {
  readonly WhisperContext: new (options: {
    readonly filePath: string;
    readonly useGpu: boolean;
  }) => WhisperContext;
  readonly WhisperVadContext: new (options: {
    readonly filePath: string;
    readonly useGpu: boolean;
    readonly nThreads: number;
  }) => VadContext;
}

interface WhisperContext {
  transcribeData(
    samples: ArrayBuffer,
    options: Readonly<Record<string, string | number | boolean>>,
  ): { readonly promise: Promise<Hearing> };
}

interface Hearing {
  readonly result: string;
  readonly language: string;
  /** Times in milliseconds. */
  readonly segments: readonly Heard[];
}

interface VadContext {
  /** Times in hundredths of a second. */
  detectSpeechData(
    samples: ArrayBuffer,
    options: Readonly<Record<string, number>>,
  ): Promise<readonly { readonly t0: number; readonly t1: number }[]>;
}

interface Models {
  readonly whisper: WhisperContext;
  readonly vad: VadContext;
}

/** How far the second hearing of a chunk is shifted, for the confidence of words. */
const SHIFT_SAMPLES = 70 * SAMPLES_PER_MS;
const SAMPLES_PER_VAD_UNIT = 10 * SAMPLES_PER_MS;
/** ISO 639-2 for "undetermined": nothing was said. */
const NO_LANGUAGE = 'und';

/** Loads a speech model and the voice detector. Throws Unavailable when addon or model do not load. */
export function createSpeechEngine(start: SpeechStart): LoadedEngine<SpeechOps> {
  const addon = loadAddon();
  const useGpu = process.platform === 'darwin';
  const models = loadModels(addon, start, useGpu);
  const describe = (threads: number): EngineDevice =>
    useGpu
      ? { device: 'Metal', threads, why: 'Metal is the default on macOS.' }
      : { device: 'CPU', threads, why: 'Speech has no GPU build here.' };
  // One job per context: the addon gives every queued job a thread of the pool.
  let previous: Promise<unknown> = Promise.resolve();
  let { threads } = start;
  let tellDevice: (device: EngineDevice) => void = () => undefined;
  return {
    engine: {
      transcribe: (params, call) => {
        const run = previous.then(() =>
          transcribe(models, { start, threads: () => threads, params, call }),
        );
        previous = run.catch(() => undefined);
        return run;
      },
      setThreads: (wanted) => {
        ({ threads } = wanted);
        tellDevice(describe(threads));
      },
    },
    device: describe(threads),
    watchDevice: (onChange) => {
      tellDevice = onChange;
    },
  };
}

function loadAddon(): WhisperAddon {
  const platform = `${process.platform}-${process.arch}`;
  try {
    return createRequire(import.meta.url)(`@fugood/node-whisper-${platform}`) as WhisperAddon;
  } catch (cause) {
    throw new RpcError('Unavailable', `There is no speech engine for ${platform}.`, {
      details: { platform },
      cause,
    });
  }
}

function loadModels(addon: WhisperAddon, start: SpeechStart, useGpu: boolean): Models {
  try {
    const { modelPath, vadModelPath } = start;
    return {
      whisper: new addon.WhisperContext({ filePath: modelPath, useGpu }),
      vad: new addon.WhisperVadContext({
        filePath: vadModelPath,
        useGpu: false,
        // So small that a second thread would mostly wait.
        nThreads: 1,
      }),
    };
  } catch (cause) {
    throw new RpcError('Unavailable', 'The speech model does not load.', {
      details: { rule: 'model_load' },
      cause,
    });
  }
}

interface Job {
  readonly start: SpeechStart;
  /** How many it may use for the next stretch of speech. */
  readonly threads: () => number;
  readonly params: TranscribeParams;
  readonly call: EngineCall<Segment>;
}

async function transcribe(models: Models, job: Job): Promise<SpeechOps['transcribe']['result']> {
  const { params, call, start } = job;
  assertLanguage(params.language);
  const recording = await openRecording(params.audio);
  call.progress(toProgress(0, recording.totalMs));
  const segments: Segment[] = [];
  let language = params.language;
  const chunks = findVoiceChunks(recording.blocks, {
    windowMs: start.windowMs,
    detectSpeech: (samples) => detectSpeech(models.vad, samples, call.signal),
  });
  for await (const chunk of chunks) {
    assertNotCancelled(call.signal);
    const heard = await hearChunk(models.whisper, chunk, { ...job, language });
    // The first speech decides on the language of the rest.
    if (language === 'auto') language = heard.language;
    for (const segment of heard.segments) {
      segments.push(segment);
      call.chunk(segment);
    }
    call.progress(toProgress(chunk.speechEndMs, recording.totalMs));
  }
  const durationMs = recording.decodedMs();
  call.progress(toProgress(durationMs, durationMs));
  return {
    text: joinText(segments),
    language: language === 'auto' ? NO_LANGUAGE : language,
    durationMs,
    segments,
  };
}

async function detectSpeech(
  vad: VadContext,
  samples: Int16Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<Span[]> {
  assertNotCancelled(signal);
  const speech = await vad.detectSpeechData(samples.buffer, {});
  return speech.map(({ t0, t1 }) => ({
    from: Math.min(samples.length, Math.round(t0 * SAMPLES_PER_VAD_UNIT)),
    to: Math.min(samples.length, Math.round(t1 * SAMPLES_PER_VAD_UNIT)),
  }));
}

/** A chunk's segments; with words it is heard three times: for text, for times, for confidence. */
async function hearChunk(
  whisper: WhisperContext,
  chunk: VoiceChunk,
  { threads, params, language }: Job & { readonly language: string },
): Promise<{ language: string; segments: Segment[] }> {
  // No retries at higher temperatures: the same sound always gives the same text.
  const options = {
    language,
    translate: params.translate,
    maxThreads: threads(),
    temperatureInc: 0,
  };
  const heard = await whisper.transcribeData(chunk.samples.buffer, options).promise;
  const segments = toSegments(heard.segments, chunk);
  if (!params.words || segments.length === 0) return { language: heard.language, segments };
  const byToken = { ...options, language: heard.language, maxLen: 1, tokenTimestamps: true };
  const first = await whisper.transcribeData(chunk.samples.buffer, byToken).promise;
  const second = await whisper.transcribeData(shift(chunk.samples), byToken).promise;
  const words = toWords(
    { first: first.segments, second: second.segments },
    { chunk, language: heard.language },
  );
  return { language: heard.language, segments: placeWords(segments, words) };
}

function shift(samples: Int16Array): ArrayBuffer {
  const shifted = new Int16Array(samples.length + SHIFT_SAMPLES);
  shifted.set(samples, SHIFT_SAMPLES);
  return shifted.buffer;
}

function toProgress(
  completed: number,
  total: number | undefined,
): Parameters<EngineCall<Segment>['progress']>[0] {
  return { stage: 'running', completed, unit: 'ms', ...(total === undefined ? {} : { total }) };
}

function assertNotCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new RpcError('Cancelled', 'The transcription was cancelled.');
}
