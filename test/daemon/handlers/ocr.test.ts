import type { CatalogEntry, Page, Progress, Result } from '@locara/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ocrHandlers } from '../../../daemon/handlers/ocr.ts';
import type { ReadyModel } from '../../../daemon/models/app-models.ts';
import type { SessionCall } from '../../../daemon/rpc/handler.ts';
import type { OcrOps } from '../../../daemon/workers/ocr/ops.ts';
import type { Worker } from '../../../daemon/workers/worker.ts';
import { unpackEmbeddedModel } from '../../support/embedded-model.ts';
import { readImage } from '../../support/image-fixtures.ts';
import { createOcrWorker } from '../../support/ocr-worker.ts';

const ENTRY: CatalogEntry = {
  id: 'tesseract-eng',
  task: 'image-to-text',
  description: '',
  license: 'Apache-2.0',
  files: [],
  languages: ['eng'],
};

/** The handler over a worker, for one image. */
function createHandler(worker: Worker<OcrOps>, image: Buffer) {
  const model: ReadyModel = {
    entry: ENTRY,
    digest: 'sha256:',
    path: () => '',
    verify: () => Promise.resolve(),
  };
  const notHere = (): never => {
    throw new Error('not this engine');
  };
  return ocrHandlers({
    models: { resolve: () => Promise.resolve(model) },
    engines: { llm: notHere, speech: notHere, ocr: () => worker },
    readMedia: () => Promise.resolve({ bytes: image, [Symbol.dispose]: () => undefined }),
  })['ocr.recognize'];
}

function createCall(signal: AbortSignal, progress: Progress[] = []): SessionCall {
  return {
    session: { appId: 'acme/notes' },
    signal,
    progress: (step: Progress) => progress.push(step),
  } as unknown as SessionCall;
}

const PARAMS = { image: { data: '' }, level: 'line' } as const;

describe('ocr.recognize', () => {
  let worker: Worker<OcrOps>;
  let excerpt: ReturnType<typeof createHandler>;
  beforeAll(() => {
    worker = createOcrWorker(unpackEmbeddedModel('tesseract-eng'));
    excerpt = createHandler(worker, readImage('excerpt.jpg'));
  });
  afterAll(() => worker.close());

  test('streams the page, says how far it is and answers the text', async () => {
    const progress: Progress[] = [];
    const call = createCall(new AbortController().signal, progress);
    const stream = excerpt(PARAMS, call);
    const chunks: Page[] = [];
    let step: IteratorResult<Page, Result<'ocr.recognize'>>;
    while ((step = await stream.next()).done !== true) chunks.push(step.value);
    expect(step.value.text).toContain('Quarterly Report on Local Inference');
    expect(step.value.pages).toEqual(chunks);
    expect(progress.at(-1)).toMatchObject({ stage: 'running', total: 100, unit: 'percent' });
  });

  test('refuses a decompression bomb before a worker is asked', async () => {
    const unused = createOcrWorker('/absent/eng.traineddata');
    const bomb = createHandler(unused, readImage('bomb60k_1bit.png'));
    const call = createCall(new AbortController().signal);
    await expect(bomb(PARAMS, call).next()).rejects.toMatchObject({ reason: 'PayloadTooLarge' });
    expect(unused.status().state).toBe('stopped');
    await unused.close();
  });

  test('answers a language the model lacks with NotFound naming it', async () => {
    const call = createCall(new AbortController().signal);
    const stream = excerpt({ ...PARAMS, languages: ['deu'] }, call);
    await expect(stream.next()).rejects.toMatchObject({
      reason: 'NotFound',
      details: { language: 'deu', available: ['eng'] },
    });
  });

  test('passes a cancellation on to the worker', async () => {
    const abort = new AbortController();
    const reading = excerpt(PARAMS, createCall(abort.signal)).next();
    setTimeout(() => {
      abort.abort();
    }, 20);
    await expect(reading).rejects.toMatchObject({ reason: 'Cancelled' });
  });
});
