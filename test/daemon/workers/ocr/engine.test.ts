import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page, Progress } from '@locara/protocol';
import { beforeAll, describe, expect, test } from 'vitest';
import type { LoadedEngine } from '../../../../daemon/workers/engine.ts';
import { createOcrEngine } from '../../../../daemon/workers/ocr/engine.ts';
import type { OcrOps } from '../../../../daemon/workers/ocr/ops.ts';
import { unpackEmbeddedModel } from '../../../support/embedded-model.ts';
import {
  characterErrorRate,
  normalise,
  PAGE_TEXT,
  readImage,
} from '../../../support/image-fixtures.ts';
import { cpuMsDuring } from '../../../support/cpu-time.ts';

const EXCERPT = 'Quarterly Report on Local Inference';

interface Ask {
  readonly level?: 'page' | 'line' | 'word';
  readonly languages?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

async function read(
  { engine }: LoadedEngine<OcrOps>,
  image: Uint8Array,
  ask: Ask = {},
): Promise<{ text: string; page: Page; chunks: Page[] }> {
  const chunks: Page[] = [];
  const { text, pages } = await engine.recognize(
    { image, languages: ask.languages ?? ['eng'], level: ask.level ?? 'line' },
    {
      signal: ask.signal ?? new AbortController().signal,
      chunk: (page) => chunks.push(page),
      progress: (progress) => ask.onProgress?.(progress),
    },
  );
  const [page] = pages;
  if (page === undefined) throw new Error('no page');
  return { text, page, chunks };
}

describe('the ocr engine', () => {
  let english: string;
  let ocr: LoadedEngine<OcrOps>;
  beforeAll(async () => {
    english = unpackEmbeddedModel('tesseract-eng');
    ocr = await createOcrEngine({ languages: { eng: english } });
  });

  test('reads a page at 150 DPI without an error', async () => {
    const { text, chunks, page } = await read(ocr, readImage('p150.png'));
    expect(normalise(text)).toBe(PAGE_TEXT);
    expect(text).toBe(text.trimEnd());
    expect(chunks).toEqual([page]);
    expect(page.page).toBe(1);
  });

  test('reads the same page as WebP', async () => {
    const { text } = await read(ocr, readImage('p150.webp'));
    expect(normalise(text)).toBe(PAGE_TEXT);
  });

  test.each(['excerpt.jpg', 'excerpt.gif', 'excerpt.bmp'])('reads %s', async (name) => {
    const { text } = await read(ocr, readImage(name));
    expect(text).toContain(EXCERPT);
    expect(text).toContain('revenue rose by 12.4%');
  });

  test('reads small print at 75 DPI from an enlarged image, located in the source', async () => {
    const { text, page } = await read(ocr, readImage('p75.png'), { level: 'word' });
    expect(characterErrorRate(PAGE_TEXT, text)).toBeLessThan(0.01);
    const quarterly = page.regions[0];
    expect(quarterly?.text).toBe('Quarterly');
    expect(quarterly?.box.x).toBeGreaterThan(30);
    expect(quarterly?.box.x).toBeLessThan(45);
    expect(quarterly?.box.width).toBeLessThan(60);
  });

  test('locates every word in whole pixels inside the image', async () => {
    const { page } = await read(ocr, readImage('p150.png'), { level: 'word' });
    expect(page.regions.map((region) => region.text).join(' ')).toBe(PAGE_TEXT);
    for (const { box, confidence } of page.regions) {
      expect(Object.values(box).every(Number.isInteger)).toBe(true);
      expect(Math.min(box.x, box.y)).toBeGreaterThanOrEqual(0);
      expect(Math.min(box.width, box.height)).toBeGreaterThan(0);
      expect(box.x + box.width).toBeLessThanOrEqual(1050);
      expect(box.y + box.height).toBeLessThanOrEqual(774);
      expect(confidence).toBeGreaterThanOrEqual(0);
      expect(confidence).toBeLessThanOrEqual(1);
    }
  });

  test('reads a photo taken sideways and locates its words in the stored pixels', async () => {
    const { text, page } = await read(ocr, readImage('sideways.jpg'), { level: 'word' });
    expect(text).toContain(EXCERPT);
    // Stored 60 × 420, to be turned clockwise: the text runs from the bottom up.
    const [first, second] = page.regions;
    expect(first?.text).toBe('Quarterly');
    expect(first?.box.height).toBeGreaterThan(first?.box.width ?? 60);
    expect((second?.box.y ?? 0) + (second?.box.height ?? 0)).toBeLessThan(first?.box.y ?? 0);
    expect((first?.box.y ?? 0) + (first?.box.height ?? 0)).toBeLessThanOrEqual(420);
  });

  test('gives one region for a page and one a line', async () => {
    const whole = await read(ocr, readImage('excerpt.gif'), { level: 'page' });
    expect(whole.page.regions.map((region) => region.text)).toEqual([whole.text]);
    const lines = await read(ocr, readImage('excerpt.gif'), { level: 'line' });
    expect(lines.page.regions[0]?.text).toBe(EXCERPT);
    expect(lines.page.regions.length).toBeGreaterThan(3);
  });

  test('says how far it is, in rising percent', async () => {
    const completed: number[] = [];
    await read(ocr, readImage('excerpt.jpg'), {
      onProgress: ({ stage, completed: percent, total, unit }) => {
        expect(stage).toBe('running');
        if (percent === undefined) return;
        expect({ total, unit }).toEqual({ total: 100, unit: 'percent' });
        completed.push(percent);
      },
    });
    expect(completed.length).toBeGreaterThan(2);
    expect(completed).toEqual([...new Set(completed)].sort((first, second) => first - second));
  });

  test.each(['bomb12k_rgb.png', 'bomb60k_1bit.png'])('refuses %s in an instant', async (name) => {
    const image = readImage(name);
    const times: number[] = [];
    for (let round = 0; round < 5; round++) {
      const refused = () =>
        expect(read(ocr, image)).rejects.toMatchObject({ reason: 'PayloadTooLarge' });
      times.push(await cpuMsDuring(refused));
    }
    expect(Math.min(...times)).toBeLessThan(50);
  });

  test('answers a truncated image with UnsupportedMedia and reads the next one', async () => {
    const truncated = readImage('p150.png').subarray(0, 9000);
    await expect(read(ocr, truncated)).rejects.toMatchObject({ reason: 'UnsupportedMedia' });
    expect((await read(ocr, readImage('excerpt.jpg'))).text).toContain(EXCERPT);
  });

  test('answers a corrupt image with UnsupportedMedia', async () => {
    const corrupt = readImage('p150.png').fill(0x5a, 60, 40_000);
    await expect(read(ocr, corrupt)).rejects.toMatchObject({ reason: 'UnsupportedMedia' });
  });

  test('answers a language without data with NotFound naming it', async () => {
    await expect(
      read(ocr, readImage('excerpt.jpg'), { languages: ['eng', 'tlh'] }),
    ).rejects.toMatchObject({ reason: 'NotFound', details: { language: 'tlh' } });
  });

  test('does not take a name every object has for a language', async () => {
    await expect(
      read(ocr, readImage('excerpt.jpg'), { languages: ['constructor'] }),
    ).rejects.toMatchObject({ reason: 'NotFound' });
  });

  test('stops at once when cancelled, and the next call works', async () => {
    const abort = new AbortController();
    const started = Promise.withResolvers<undefined>();
    const reading = read(ocr, readImage('p150.png'), {
      signal: abort.signal,
      onProgress: ({ completed = 0 }) => {
        if (completed > 10) started.resolve(undefined);
      },
    });
    await started.promise;
    const cpuMs = await cpuMsDuring(async () => {
      abort.abort();
      await expect(reading).rejects.toMatchObject({ reason: 'Cancelled' });
    });
    expect(cpuMs).toBeLessThan(100);
    expect((await read(ocr, readImage('excerpt.jpg'))).text).toContain(EXCERPT);
  });

  test('cancels a call that waits for another without disturbing that one', async () => {
    const first = read(ocr, readImage('excerpt.jpg'));
    const abort = new AbortController();
    const second = read(ocr, readImage('excerpt.gif'), { signal: abort.signal });
    const third = read(ocr, readImage('excerpt.bmp'));
    abort.abort();
    await expect(second).rejects.toMatchObject({ reason: 'Cancelled' });
    expect((await first).text).toContain(EXCERPT);
    expect((await third).text).toContain(EXCERPT);
  });

  test('answers Timeout when a recognition takes too long, and still works afterwards', async () => {
    const hasty = await createOcrEngine(
      { languages: { eng: english } },
      { openTimeoutMs: 30_000, recognizeTimeoutMs: 900, maxGrowthBytes: 2 ** 30 },
    );
    const large = readImage('p75.png');
    const slow = read(hasty, large);
    await expect(slow).rejects.toMatchObject({ reason: 'Timeout' });
    expect((await read(hasty, Buffer.from(TINY_GIF, 'base64'))).text).toBe('');
  });

  test('opens a new recogniser when the memory has grown, without a caller noticing', async () => {
    const small = await createOcrEngine(
      { languages: { eng: english } },
      { openTimeoutMs: 30_000, recognizeTimeoutMs: 60_000, maxGrowthBytes: 0 },
    );
    const stages: string[] = [];
    const ask: Ask = { onProgress: ({ stage }) => stages.push(stage) };
    expect((await read(small, readImage('excerpt.jpg'), ask)).text).toContain(EXCERPT);
    expect(stages).not.toContain('loading');
    expect((await read(small, readImage('excerpt.jpg'), ask)).text).toContain(EXCERPT);
    expect(stages).toContain('loading');
  });

  test('reads an image without text as no text and no regions', async () => {
    const { text, page } = await read(ocr, Buffer.from(TINY_GIF, 'base64'), { level: 'page' });
    expect(text).toBe('');
    expect(page.regions).toEqual([]);
  });

  test('never fetches a URL, given as text or as bytes', async () => {
    let requests = 0;
    const server = createServer((_, response) => {
      requests += 1;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/p150.png`;
    try {
      await expect(read(ocr, url as unknown as Uint8Array)).rejects.toMatchObject({
        reason: 'InvalidParams',
      });
      await expect(read(ocr, Buffer.from(url))).rejects.toMatchObject({
        reason: 'UnsupportedMedia',
      });
      expect(requests).toBe(0);
    } finally {
      server.close();
    }
  });

  test('does not start without its language data', async () => {
    await expect(
      createOcrEngine({ languages: { eng: join(tmpdir(), 'absent', 'eng.traineddata') } }),
    ).rejects.toMatchObject({ reason: 'Unavailable', details: { language: 'eng' } });
  });
});

/** One white pixel. */
const TINY_GIF = 'R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=';
