import type { CatalogEntry, Page, Progress, Result } from '@locara/protocol';
import { beforeAll, describe, expect, test } from 'vitest';
import { ocrHandlers } from '../../../daemon/handlers/ocr.ts';
import type { ReadyModel } from '../../../daemon/models/app-models.ts';
import type { SessionCall } from '../../../daemon/rpc/handler.ts';
import type { Engines } from '../../../daemon/scheduler/engines.ts';
import { createOcrEngine } from '../../../daemon/workers/ocr/engine.ts';
import { unpackEmbeddedModel } from '../../support/embedded-model.ts';
import { readImage } from '../../support/image-fixtures.ts';

const ENTRY: CatalogEntry = {
  id: 'tesseract-eng',
  task: 'image-to-text',
  description: '',
  license: 'Apache-2.0',
  files: [],
  languages: ['eng'],
};

/** The handler over a real engine in this process, and how often a worker was asked. */
async function createHandler(image: Buffer) {
  const { engine } = await createOcrEngine({
    languages: { eng: unpackEmbeddedModel('tesseract-eng') },
  });
  const asked = { worker: 0 };
  const model: ReadyModel = { entry: ENTRY, digest: 'sha256:', path: () => '' };
  const engines = {
    ocr: () => ({
      call: (_op: string, params: never, options: Record<'onChunk' | 'onProgress', () => void>) => {
        asked.worker += 1;
        const { signal } = options as unknown as { signal: AbortSignal };
        return engine.recognize(params, {
          signal,
          chunk: options.onChunk,
          progress: options.onProgress,
        });
      },
    }),
  } as unknown as Engines;
  const handlers = ocrHandlers({
    models: { resolve: () => Promise.resolve(model) },
    engines,
    readMedia: () => Promise.resolve(image),
  });
  return { recognize: handlers['ocr.recognize'], asked };
}

function createCall(signal: AbortSignal, progress: Progress[] = []): SessionCall {
  return {
    signal,
    progress: (step: Progress) => progress.push(step),
  } as unknown as SessionCall;
}

const PARAMS = { image: { data: '' }, level: 'line' } as const;

describe('ocr.recognize', () => {
  let excerpt: Awaited<ReturnType<typeof createHandler>>;
  beforeAll(async () => {
    excerpt = await createHandler(readImage('excerpt.jpg'));
  });

  test('streams the page, says how far it is and answers the text', async () => {
    const progress: Progress[] = [];
    const call = createCall(new AbortController().signal, progress);
    const stream = excerpt.recognize(PARAMS, call);
    const chunks: Page[] = [];
    let step: IteratorResult<Page, Result<'ocr.recognize'>>;
    while ((step = await stream.next()).done !== true) chunks.push(step.value);
    expect(step.value.text).toContain('Quarterly Report on Local Inference');
    expect(step.value.pages).toEqual(chunks);
    expect(progress.at(-1)).toMatchObject({ stage: 'running', total: 100, unit: 'percent' });
  });

  test('refuses a decompression bomb before a worker is asked', async () => {
    const { recognize, asked } = await createHandler(readImage('bomb60k_1bit.png'));
    const call = createCall(new AbortController().signal);
    await expect(recognize(PARAMS, call).next()).rejects.toMatchObject({
      reason: 'PayloadTooLarge',
    });
    expect(asked.worker).toBe(0);
  });

  test('answers a language the model lacks with NotFound naming it', async () => {
    const call = createCall(new AbortController().signal);
    const stream = excerpt.recognize({ ...PARAMS, languages: ['deu'] }, call);
    await expect(stream.next()).rejects.toMatchObject({
      reason: 'NotFound',
      details: { language: 'deu', available: ['eng'] },
    });
  });

  test('passes a cancellation on to the worker', async () => {
    const abort = new AbortController();
    const reading = excerpt.recognize(PARAMS, createCall(abort.signal)).next();
    setTimeout(() => {
      abort.abort();
    }, 20);
    await expect(reading).rejects.toMatchObject({ reason: 'Cancelled' });
  });
});
