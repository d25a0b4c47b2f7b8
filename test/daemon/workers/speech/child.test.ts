import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { SpeechStart } from '../../../../daemon/workers/speech/ops.ts';
import { unpackEmbeddedModel } from '../../../support/embedded-model.ts';
import { mixSamples, readClip, silence, toWav } from '../../../support/sound.ts';
import type { ToChild } from './child.ts';

const AUDIO = join(import.meta.dirname, '../../../fixtures/audio');
const MAX_RSS_BYTES = 200 * 1024 * 1024;

let start: SpeechStart;
const children: ChildProcess[] = [];

beforeAll(() => {
  start = {
    modelPath: unpackEmbeddedModel('micro-whisper-en'),
    vadModelPath: unpackEmbeddedModel('silero-vad'),
    windowMs: 6000,
    threads: 1,
  };
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function ask(child: ChildProcess, message: ToChild): Promise<unknown> {
  child.send(message);
  const [answer] = (await once(child, 'message')) as unknown[];
  return answer;
}

async function startChild(): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'child.ts'), {
    execArgv: ['--conditions=locara-source'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  children.push(child);
  expect(await ask(child, { start })).toEqual({ ready: true });
  return child;
}

describe('the speech engine in a process of its own', () => {
  test('hears a recording sent to it, in little memory', async () => {
    const child = await startChild();
    const audio = readFileSync(join(AUDIO, 'goforward.wav'));
    const answer = await ask(child, { params: { audio, language: 'en', words: false } });
    expect(answer).toMatchObject({ result: { text: 'go forward ten meters' } });
    expect((answer as { rssBytes: number }).rssBytes).toBeLessThan(MAX_RSS_BYTES);
  });

  test('dies at once in the middle of a job, and a new one takes the next', async () => {
    const child = await startChild();
    const part = mixSamples([readClip('goforward.wav'), silence(500)]);
    const audio = toWav(mixSamples(Array.from({ length: 60 }, () => part)));
    child.send({ params: { audio, language: 'en', words: true } });
    let isAnswered = false;
    child.once('message', () => (isAnswered = true));
    await new Promise((resolve) => setTimeout(resolve, 500));
    child.kill('SIGKILL');
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    expect(isAnswered).toBe(false);

    const next = await startChild();
    const clip = readFileSync(join(AUDIO, 'clip-00.wav'));
    const answer = await ask(next, { params: { audio: clip, language: 'en', words: false } });
    expect(answer).toMatchObject({ result: { text: 'one two three' } });
  });
});
