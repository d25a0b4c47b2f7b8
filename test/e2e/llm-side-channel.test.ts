import { afterAll, beforeAll, expect, test } from 'vitest';
import { median } from '../bench/measure.ts';
import { type CallWire, openCallWire } from '../support/call-wire.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { createPrompt } from '../support/prompts.ts';
import type { RawCredentials } from '../support/raw-client.ts';

/** Long enough that reading it dwarfs whatever else a call takes. */
const PROMPT_WORDS = 200;
const TRIALS = 5;

let daemon: DaemonProcess;
let victim: RawCredentials;
let victimWire: CallWire;
let spyWire: CallWire;
let nextSeed = 1;

beforeAll(async () => {
  daemon = await startDaemonProcess();
  victim = await installSample(daemon.controlSocket, { name: 'victim' });
  const spy = await installSample(daemon.controlSocket, { name: 'spy' });
  victimWire = await openCallWire(daemon.appSocket, victim);
  spyWire = await openCallWire(daemon.appSocket, spy);
  for (const wire of [victimWire, spyWire]) await read(wire, 'Once');
});
afterAll(async () => {
  for (const wire of [victimWire, spyWire]) wire.end();
  await daemon[Symbol.asyncDispose]();
});

/** A prompt that nobody has sent before. */
function createSecret(): string {
  return createPrompt(PROMPT_WORDS, (nextSeed += 1));
}

interface Reading {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly firstTokenMs: number;
}

/** What the app that sends a prompt learns of how it was read. */
async function read(wire: CallWire, prompt: string): Promise<Reading> {
  const answered = await wire.call('llm.complete', { prompt, maxTokens: 1, temperature: 0 });
  expect(answered.error).toBeUndefined();
  const usage = answered.result?.['usage'] as Omit<Reading, 'firstTokenMs'>;
  const firstAtMs = answered.pieces[0]?.atMs ?? answered.endedAtMs;
  return { ...usage, firstTokenMs: firstAtMs - answered.startedAtMs };
}

test('the same app has its own prompt read at once the second time', async () => {
  const secret = createSecret();
  const first = await read(victimWire, secret);
  const second = await read(victimWire, secret);
  expect(first.cachedTokens).toBeLessThan(10);
  expect(second.cachedTokens).toBeGreaterThan(second.promptTokens / 2);
});

test('nothing that one app sent counts as read for another', async () => {
  const secret = createSecret();
  await read(victimWire, secret);
  const guessed = await read(spyWire, secret);
  const unsent = await read(spyWire, createSecret());
  // Both begin as every prompt does, so a token or two of the spy's own may be known.
  expect(guessed.cachedTokens).toBeLessThan(10);
  expect(guessed.cachedTokens - unsent.cachedTokens).toBeLessThan(10);
});

// What leaks does so every time; what a busy machine adds, it does not.
test(
  'the time to the first token tells an app nothing of what another one sent',
  { retry: 3 },
  async () => {
    const own: number[] = [];
    const guessed: number[] = [];
    const unsent: number[] = [];
    for (let trial = 0; trial < TRIALS; trial += 1) {
      const secret = createSecret();
      const timings = {
        guess: async () => {
          guessed.push((await read(spyWire, secret)).firstTokenMs);
        },
        control: async () => {
          unsent.push((await read(spyWire, createSecret())).firstTokenMs);
        },
      };
      await read(victimWire, secret);
      const order =
        trial % 2 === 0 ? (['guess', 'control'] as const) : (['control', 'guess'] as const);
      for (const turn of order) await timings[turn]();
      own.push((await read(victimWire, secret)).firstTokenMs);
    }
    // What reuse is worth where it is allowed; the rest would be noise without it.
    expect(median(unsent) / median(own)).toBeGreaterThan(3);
    expect(median(unsent) / median(guessed)).toBeLessThan(2);
    // Not even now and then: what was read before takes a third of the time, and a noisy machine seldom does that.
    const wins = guessed.filter((time, trial) => time < (unsent[trial] ?? NaN) / 3).length;
    expect(wins).toBeLessThanOrEqual(1);
  },
);

test('nothing is kept of a session that has ended, not even for its own app', async () => {
  const secret = createSecret();
  const ended = await openCallWire(daemon.appSocket, victim);
  await read(ended, secret);
  expect((await read(ended, secret)).cachedTokens).toBeGreaterThan(0);
  ended.end();
  await expect
    .poll(async () => (await victimWire.call('daemon.status', {})).result?.['connections'])
    .toMatchObject({ open: 1 });
  const again = await openCallWire(daemon.appSocket, victim);
  expect((await read(again, secret)).cachedTokens).toBeLessThan(10);
  again.end();
});
