import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createClient, createLocalMode } from '@locara/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LETTERS, QUESTION } from '../../clients/typescript/examples/secure-rag/letters.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import type { RawCredentials } from '../support/raw-client.ts';
import { readFilesUnder } from '../support/written-files.ts';

const EXAMPLE = join(import.meta.dirname, '../../clients/typescript/examples/secure-rag');
/** What must be found nowhere but in what the user reads. */
const PLANTED = [
  'mara.lindqvist@example.com',
  'GB82 WEST 1234 5698 7654 32',
  '+1 415 555 2671',
  '4111 1111 1111 1111',
  '536-22-8726',
];

interface Steps {
  readonly unlocked: { readonly database: string };
  readonly ingested: { readonly upserted: number; readonly redacted: object };
  readonly asked: { readonly question: string; readonly passages: readonly string[] };
  readonly answered: { readonly answer: string };
  readonly restored: { readonly passage: string };
  readonly locked: { readonly found: readonly string[] };
}

let daemon: DaemonProcess;
let credentials: RawCredentials;

beforeAll(async () => {
  daemon = await startDaemonProcess({ environment: { LOCARA_LOG_LEVEL: 'debug' } });
  const manifest = readFileSync(join(EXAMPLE, 'locara.json'), 'utf8');
  credentials = await installSample(daemon.controlSocket, JSON.parse(manifest) as { name: string });
});
afterAll(() => daemon[Symbol.asyncDispose]());

/** The example as a user runs it: a process of its own, the passphrase on its standard input. */
async function runExample(passphrase: string) {
  const path = join(daemon.home, 'data/apps/locara-samples/secure-rag/credentials.json');
  const child = spawn(process.execPath, ['--conditions=locara-source', join(EXAMPLE, 'main.ts')], {
    env: { ...process.env, LOCARA_CREDENTIALS: path },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(`${passphrase}\n`);
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'close') as Promise<[number]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  const lines = stdout.split('\n').filter((line) => line !== '');
  const steps = lines.map((line) => JSON.parse(line) as { step: string });
  return {
    code,
    stderr,
    steps: Object.fromEntries(steps.map(({ step, ...shown }) => [step, shown])) as unknown as Steps,
  };
}

describe('the worked example', () => {
  test('keeps and asks without what identifies people, and gives it back to the user', async () => {
    const { code, stderr, steps } = await runExample('a long passphrase');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(steps.ingested).toEqual({
      upserted: LETTERS.length,
      redacted: {
        EMAIL_ADDRESS: 1,
        IBAN_CODE: 1,
        PHONE_NUMBER: 1,
        CREDIT_CARD: 1,
        US_SSN: 1,
      },
      encrypted: LETTERS.length,
    });
    const { question, passages } = steps.asked;
    expect(question).toBe(QUESTION.replace('mara.lindqvist@example.com', '[EMAIL_1]'));
    expect(passages[0]).toContain('[EMAIL_1]');
    for (const planted of PLANTED) expect(JSON.stringify(steps.asked)).not.toContain(planted);
    expect(steps.answered.answer).not.toBe('');
    expect(steps.restored.passage).toBe(LETTERS[0].text);
    expect(steps.locked.found).toEqual([]);
  });

  test('runs again on what it stored, and not with another passphrase', async () => {
    expect((await runExample('another passphrase')).code).not.toBe(0);
    // A wrong guess is waited for, by whoever is right too.
    await expect.poll(async () => (await runExample('a long passphrase')).code).toBe(0);
  });

  test('left nothing that identifies people in stores, logs or any other file', () => {
    const files = readFilesUnder(daemon.home);
    expect(files.some(({ path }) => path.startsWith(join(daemon.home, 'data/stores')))).toBe(true);
    expect(files.some(({ path }) => path === daemon.logFile)).toBe(true);
    const find = (words: readonly string[]) =>
      files.flatMap(({ path, bytes }) =>
        words
          .filter((word) => bytes.includes(word) || bytes.includes(word, 0, 'utf16le'))
          .map((word) => `${path}: ${word}`),
      );
    expect(find([...PLANTED, 'blue kettle', 'a long passphrase'])).toEqual([]);
    // What is no secret is found: the search works.
    expect(find(['locara-samples'])).not.toEqual([]);
  });
});

test('what the model reads is what is left of the text, token for token', async () => {
  await using client = createClient({ credentials });
  const [{ text: letter }] = LETTERS;
  const redacted = await createLocalMode(client).redactPII(letter);
  const ask = (content: string) => [{ role: 'user' as const, content }];
  const { usage, privacy } = await client.llm.chat({
    messages: ask(letter),
    maxTokens: 1,
    pipeline: [{ redact: { apply: 'input' } }],
  });
  const count = async (content: string) =>
    (await client.llm.countTokens({ messages: ask(content) })).tokens;
  expect(privacy?.redacted).toEqual({ EMAIL_ADDRESS: 1, IBAN_CODE: 1 });
  expect(usage.promptTokens).toBe(await count(redacted));
  expect(usage.promptTokens).not.toBe(await count(letter));
});
