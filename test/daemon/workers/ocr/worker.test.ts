import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OcrOps } from '../../../../daemon/workers/ocr/ops.ts';
import { createWorker } from '../../../../daemon/workers/supervisor.ts';
import type { Worker, WorkerCallOptions } from '../../../../daemon/workers/worker.ts';
import { unpackEmbeddedModel } from '../../../support/embedded-model.ts';
import { normalise, PAGE_TEXT, readImage } from '../../../support/image-fixtures.ts';

function createOcrWorker(languagePath: string): Worker<OcrOps> {
  return createWorker<OcrOps>(
    {
      kind: 'ocr',
      model: 'tesseract-eng',
      start: { languages: { eng: languagePath } },
      cancel: 'message',
      cancelGraceMs: 1000,
      startTimeoutMs: 30_000,
      idleMs: 60_000,
      maxConcurrent: 1,
      maxQueued: 8,
    },
    { log: { info: () => undefined, warn: () => undefined } },
  );
}

function read(
  worker: Worker<OcrOps>,
  image: Buffer,
  options?: WorkerCallOptions<OcrOps['recognize']['chunk']>,
): Promise<OcrOps['recognize']['result']> {
  return worker.call('recognize', { image, languages: ['eng'], level: 'line' }, options);
}

describe('the ocr worker, sealed', () => {
  let worker: Worker<OcrOps>;
  beforeAll(() => {
    worker = createOcrWorker(unpackEmbeddedModel('tesseract-eng'));
  });
  afterAll(() => worker.close());

  test('reads a page', async () => {
    expect(normalise((await read(worker, readImage('p150.png'))).text)).toBe(PAGE_TEXT);
  });

  test('stays the same process through a cancellation and a damaged image', async () => {
    const { pid } = worker.status();
    const abort = new AbortController();
    const cancelled = read(worker, readImage('p150.png'), {
      signal: abort.signal,
      onProgress: ({ completed = 0 }) => {
        if (completed > 10) abort.abort();
      },
    });
    await expect(cancelled).rejects.toMatchObject({ reason: 'Cancelled' });
    await expect(read(worker, readImage('p150.png').subarray(0, 9000))).rejects.toMatchObject({
      reason: 'UnsupportedMedia',
      details: { readable: expect.arrayContaining(['png']) as unknown },
    });
    expect((await read(worker, readImage('excerpt.jpg'))).text).toContain('Quarterly Report');
    expect(worker.status().pid).toBe(pid);
  });

  test('does not wait for damaged language data', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'locara-ocr-')), 'eng.traineddata');
    writeFileSync(path, 'not language data');
    const broken = createOcrWorker(path);
    try {
      await expect(read(broken, readImage('excerpt.jpg'))).rejects.toMatchObject({
        reason: expect.stringMatching(/^(Unavailable|WorkerCrashed)$/) as string,
      });
    } finally {
      await broken.close();
    }
  });
});
