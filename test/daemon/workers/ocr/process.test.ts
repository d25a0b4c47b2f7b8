import { fork } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { unpackEmbeddedModel } from '../../../support/embedded-model.ts';
import { normalise, PAGE_TEXT, readImage } from '../../../support/image-fixtures.ts';

async function askChild(question: object): Promise<unknown> {
  const child = fork(new URL('../../../support/ocr-child.ts', import.meta.url), {
    execArgv: ['--conditions=locara-source'],
    serialization: 'advanced',
    silent: true,
  });
  try {
    return await new Promise<unknown>((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => {
        reject(new Error(`the child ended with ${code ?? 'a signal'}`));
      });
      child.send(question);
    });
  } finally {
    child.kill('SIGKILL');
  }
}

describe('the ocr engine in its own process', () => {
  test('reads a page', async () => {
    const start = { languages: { eng: unpackEmbeddedModel('tesseract-eng') } };
    const answer = await askChild({ start, image: readImage('p150.png') });
    expect(normalise((answer as { text: string }).text)).toBe(PAGE_TEXT);
  });

  test('does not wait for damaged language data', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'locara-ocr-')), 'eng.traineddata');
    writeFileSync(path, 'not language data');
    const start = { languages: { eng: path } };
    expect(await askChild({ start, image: new Uint8Array() })).toEqual({ reason: 'Unavailable' });
  });
});
