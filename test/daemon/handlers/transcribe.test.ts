import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Params, Progress, Result, Segment } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import type { Session } from '../../../daemon/access/session.ts';
import { transcribeHandlers } from '../../../daemon/handlers/transcribe.ts';
import type { ReadyModel } from '../../../daemon/models/app-models.ts';
import type { SessionCall } from '../../../daemon/rpc/handler.ts';
import { createSpeechEngine } from '../../../daemon/workers/speech/engine.ts';
import type { SpeechOps, TranscribeParams } from '../../../daemon/workers/speech/ops.ts';
import type { Worker, WorkerCallOptions } from '../../../daemon/workers/worker.ts';
import { unpackEmbeddedModel } from '../../support/embedded-model.ts';

const AUDIO = join(import.meta.dirname, '../../fixtures/audio');

const MODEL: ReadyModel = {
  entry: {
    id: 'micro-whisper-en',
    task: 'speech-to-text',
    description: '',
    license: 'Apache-2.0',
    files: [{ name: 'm.bin', sha256: '0'.repeat(64), bytes: 1 }],
    languages: ['en', 'de'],
  },
  digest: `sha256:${'0'.repeat(64)}`,
  path: () => '',
  verify: () => Promise.resolve(),
};

/** The real engine, run in this process: what lies between is the worker's own test. */
function createWorker(): Worker<SpeechOps> {
  const { engine } = createSpeechEngine({
    modelPath: unpackEmbeddedModel('micro-whisper-en'),
    vadModelPath: unpackEmbeddedModel('silero-vad'),
    windowMs: 6000,
    threads: 1,
  });
  const call = (
    params: TranscribeParams,
    options: WorkerCallOptions<Segment> = {},
  ): Promise<SpeechOps['transcribe']['result']> =>
    Promise.resolve(
      engine.transcribe(params, {
        signal: options.signal ?? new AbortController().signal,
        chunk: (chunk) => options.onChunk?.(chunk),
        progress: (progress) => options.onProgress?.(progress),
      }),
    );
  return {
    call: ((_op, ...rest: Parameters<typeof call>) => call(...rest)) as Worker<SpeechOps>['call'],
    prepare: () => Promise.resolve(),
    notify: () => undefined,
    keepWarm: () => undefined,
    stopIfIdle: () => Promise.resolve(false),
    status: () => {
      throw new Error('not asked here');
    },
    close: () => Promise.resolve(),
  };
}

interface Outcome {
  readonly chunks: Segment[];
  readonly result: Result<'transcribe.run'>;
  readonly progress: Progress[];
}

async function run(
  audio: Uint8Array,
  params: Partial<Params<'transcribe.run'>> = {},
): Promise<Outcome> {
  const { call, progress } = createCall();
  const stream = createHandler(audio)({ audio: { blob: 'b' }, ...params }, call);
  const chunks: Segment[] = [];
  for (;;) {
    const step = await stream.next();
    if (step.done === true) return { chunks, result: step.value, progress };
    chunks.push(step.value);
  }
}

function createCall(): { call: SessionCall; progress: Progress[] } {
  const progress: Progress[] = [];
  const call: SessionCall = {
    session: {} as Session,
    signal: new AbortController().signal,
    require: () => undefined,
    progress: (step) => progress.push(step),
  };
  return { call, progress };
}

function createHandler(audio: Uint8Array): ReturnType<typeof transcribeHandlers>['transcribe.run'] {
  const notHere = (): never => {
    throw new Error('not asked here');
  };
  return transcribeHandlers({
    models: { resolve: () => Promise.resolve(MODEL) },
    engines: { llm: notHere, ocr: notHere, speech: createWorker },
    readMedia: () =>
      Promise.resolve({ bytes: Buffer.from(audio), [Symbol.dispose]: () => undefined }),
  })['transcribe.run'];
}

describe('transcribe.run', () => {
  test('streams segments and answers with the whole text', async () => {
    const { chunks, result, progress } = await run(readFileSync(join(AUDIO, 'multi.wav')));
    expect(result.text).toBe('one two three open the file turn left and stop');
    expect(result.language).toBe('en');
    expect(chunks).toEqual(result.segments);
    expect(chunks.length).toBe(3);
    expect(progress.at(-1)).toMatchObject({ stage: 'running', completed: result.durationMs });
  });

  test('refuses what is no audio before it asks for a model', async () => {
    await expect(run(Buffer.from('<html>'))).rejects.toMatchObject({ reason: 'UnsupportedMedia' });
  });

  test('refuses a language that the model does not have', async () => {
    const audio = readFileSync(join(AUDIO, 'clip-00.wav'));
    await expect(run(audio, { language: 'fr' })).rejects.toMatchObject({
      reason: 'NotFound',
      details: { language: 'fr', available: ['en', 'de'] },
    });
  });

  test('stops hearing when the caller leaves', async () => {
    const stream = createHandler(readFileSync(join(AUDIO, 'multi.wav')))(
      { audio: { blob: 'b' } },
      createCall().call,
    );
    expect(await stream.next()).toMatchObject({ done: false, value: { text: 'one two three' } });
    await stream.return({ text: '', language: '', durationMs: 0, segments: [] });
    expect(await stream.next()).toMatchObject({ done: true });
  });
});
