import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { describePrivacyWorker } from '../../../../daemon/privacy/create-privacy.ts';
import type { PrivacyCall } from '../../../../daemon/privacy/privacy-call.ts';
import type { RedactionSettings } from '../../../../daemon/privacy/redaction/redaction-ops.ts';
import type { PrivacyEffect } from '../../../../daemon/audit/effect-window.ts';
import { createRedactor } from '../../../../daemon/privacy/redactor/create-redactor.ts';
import { createPseudonymKeys } from '../../../../daemon/privacy/redactor/pseudonym-keys.ts';
import { createRestoreMaps } from '../../../../daemon/privacy/redactor/restore-maps.ts';
import type { PrivacyOps } from '../../../../daemon/workers/privacy/ops.ts';
import { createWorker } from '../../../../daemon/workers/supervisor.ts';
import { failureOf } from '../../../support/echo-worker.ts';

const ENTRY = new URL('../../../fakes/privacy-worker/main.ts', import.meta.url);
const SETTINGS: RedactionSettings = { threshold: 'balanced', replacement: '[{PATTERN}]' };
const PLACEHOLDERS: RedactionSettings = { ...SETTINGS, replacement: { mode: 'placeholder' } };
/** Some 2 s of slices. */
const SLOW = `slow ${'x'.repeat(4096 * 800)}`;

const closings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) await close();
});

/** A redactor on a real, sealed process that knows some shapes. */
function open() {
  const logged: unknown[] = [];
  const effects: PrivacyEffect[] = [];
  const log = {
    info: (...line: unknown[]) => void logged.push(line),
    warn: (...line: unknown[]) => void logged.push(line),
  };
  const folder = mkdtempSync(join(tmpdir(), 'locara-r-'));
  const spec = { ...describePrivacyWorker(60_000), cancelGraceMs: 300 };
  const worker = createWorker<PrivacyOps>(spec, { log, entry: ENTRY });
  const keys = createPseudonymKeys({ privacy: (appId) => join(folder, appId) });
  const redactor = createRedactor({
    worker,
    maps: createRestoreMaps(),
    keys,
    onRedacted: (effect) => void effects.push(effect),
  });
  closings.push(async () => {
    await worker.close();
    rmSync(folder, { recursive: true });
  });
  return { redactor, worker, keys, logged, effects };
}

function callOf(
  appId = 'acme/notes',
  session = `session of ${appId}`,
): PrivacyCall & { abort(): void } {
  const controller = new AbortController();
  return {
    session: { id: session, appId },
    method: 'privacy.redact',
    signal: controller.signal,
    abort: () => {
      controller.abort();
    },
  };
}

describe('redacting', () => {
  test('replaces in every text, and tells counts by entity and nothing else', async () => {
    const { redactor, effects } = open();
    const redacted = await redactor.redact(
      ['to ann@example.org', 'nobody', 'x@y.org z@y.org'],
      SETTINGS,
      callOf(),
    );
    expect(redacted.texts).toEqual(['to [EMAIL]', 'nobody', '[EMAIL] [EMAIL]']);
    expect(redacted.counts).toEqual({ EMAIL_ADDRESS: 3 });
    expect(effects).toEqual([
      {
        appId: 'acme/notes',
        method: 'privacy.redact',
        step: 'redact',
        counts: { EMAIL_ADDRESS: 3 },
      },
    ]);
  });

  test('refuses what must not pass, with counts and without the text', async () => {
    const { redactor } = open();
    const settings: RedactionSettings = { ...SETTINGS, replacement: { mode: 'block' } };
    const error = await failureOf(redactor.redact(['a ann@example.org'], settings, callOf()));
    expect(error).toMatchObject({ reason: 'Conflict', details: { rule: 'pii_found' } });
    expect(JSON.stringify(error.toWire())).not.toContain('ann@');
  });

  test('by pseudonym is the same in every session of an app, until the app is wiped', async () => {
    const { redactor, keys } = open();
    const settings: RedactionSettings = { ...SETTINGS, replacement: { mode: 'pseudonym' } };
    const of = async (call: PrivacyCall): Promise<string> =>
      (await redactor.redact(['ann@example.org'], settings, call)).texts[0] ?? '';
    const first = await of(callOf());
    expect(first).toMatch(/^EMAIL_[a-z2-7]{16}$/);
    expect(await of(callOf('acme/notes', 'another'))).toBe(first);
    expect(await of(callOf('acme/other'))).not.toBe(first);
    keys.destroy('acme/notes');
    expect(await of(callOf())).not.toBe(first);
  });
});

describe('placeholders', () => {
  test('go on over calls of a session, and are put back by it alone', async () => {
    const { redactor } = open();
    const call = callOf();
    const { texts, restoreId = '' } = await redactor.redact(
      ['ann@example.org, bob@example.org'],
      PLACEHOLDERS,
      call,
    );
    expect(texts).toEqual(['[EMAIL_1], [EMAIL_2]']);
    const settings = { ...PLACEHOLDERS, restoreId };
    const next = await redactor.redact(['Bob@example.org eve@example.org'], settings, call);
    expect(next).toMatchObject({ texts: ['[EMAIL_2] [EMAIL_3]'], restoreId });
    const { id } = call.session;
    expect(await redactor.restore(id, restoreId, 'to [EMAIL_2]: [EMAIL_9]')).toEqual({
      text: 'to bob@example.org: [EMAIL_9]',
      restored: 1,
    });
    await expect(redactor.restore('another session', restoreId, '[EMAIL_1]')).rejects.toMatchObject(
      { reason: 'NotFound' },
    );
    redactor.forgetSession(id);
    await expect(redactor.restore(id, restoreId, '[EMAIL_1]')).rejects.toThrow(/kept/);
  });

  test('are put back in a long text piece by piece, so that others have their turns meanwhile', async () => {
    const { redactor } = open();
    const call = callOf();
    const { restoreId = '' } = await redactor.redact(['ann@example.org'], PLACEHOLDERS, call);
    let isDone = false;
    let turns = 0;
    const count = (): void => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const length = 100_000;
    const { text, restored } = await redactor.restore(
      call.session.id,
      restoreId,
      `.${'[A_1]'.repeat(length)}${'[EMAIL_1]'.repeat(length)}`,
    );
    isDone = true;
    expect(restored).toBe(length);
    expect(text).toBe(`.${'[A_1]'.repeat(length)}${'ann@example.org'.repeat(length)}`);
    expect(turns).toBeGreaterThan(10);
  });

  test('never stand for two things, however many calls go on at once', async () => {
    const { redactor } = open();
    const call = callOf();
    const { restoreId = '' } = await redactor.redact(['nothing'], PLACEHOLDERS, call);
    const stream = redactor.openStream({ ...PLACEHOLDERS, restoreId }, call);
    const names = Array.from({ length: 12 }, (_value, at) => `n${at}@example.org`);
    const all = await Promise.all([
      ...names.map(async (name) => {
        const settings = { ...PLACEHOLDERS, restoreId };
        return [name, (await redactor.redact([name], settings, call)).texts[0]];
      }),
      (async () => [
        's@example.org',
        (await stream.push('s@example.org')) + (await stream.end()),
      ])(),
    ]);
    expect(new Set(all.map(([, placeholder]) => placeholder)).size).toBe(all.length);
    for (const [name, placeholder = ''] of all) {
      const { text } = await redactor.restore(call.session.id, restoreId, placeholder);
      expect(text).toBe(name);
    }
  });

  test('are not kept of a redaction that failed', async () => {
    const { redactor } = open();
    const call = callOf();
    const settings = { ...PLACEHOLDERS, restoreId: 'no such' };
    expect(await failureOf(redactor.redact(['x'], settings, call))).toMatchObject({
      reason: 'NotFound',
    });
  });
});

describe('the process', () => {
  test('lets the short text of one app pass the long one of another', async () => {
    const { redactor } = open();
    await redactor.redact(['warm'], SETTINGS, callOf());
    const ended: string[] = [];
    const slow = callOf('acme/slow');
    const long = Array.from({ length: 12 }, () =>
      redactor
        .redact([SLOW], SETTINGS, slow)
        .catch(() => undefined)
        .finally(() => ended.push('long')),
    );
    await redactor.redact(['short ann@example.org'], SETTINGS, callOf('acme/quick'));
    ended.push('short');
    slow.abort();
    await Promise.all(long);
    expect(ended[0]).toBe('short');
  });

  test('stops a call that is cancelled, and goes on with the others', async () => {
    const { redactor, worker } = open();
    const call = callOf();
    const cancelled = failureOf(redactor.redact([SLOW], SETTINGS, call));
    const other = redactor.redact(['ann@example.org'], SETTINGS, callOf('acme/other'));
    await expect.poll(() => worker.status().running).toBeGreaterThan(0);
    const { pid } = worker.status();
    call.abort();
    expect(await cancelled).toMatchObject({ reason: 'Cancelled' });
    expect((await other).texts).toEqual(['[EMAIL]']);
    expect(worker.status().pid).toBe(pid);
  });

  test('that is killed in the middle answers WorkerCrashed, and the next call has a new one', async () => {
    const { redactor, worker } = open();
    const running = failureOf(redactor.redact([SLOW], SETTINGS, callOf()));
    await expect.poll(() => worker.status().running).toBe(1);
    process.kill(worker.status().pid, 'SIGKILL');
    expect(await running).toMatchObject({ reason: 'WorkerCrashed', retryable: true });
    expect((await redactor.redact(['ann@example.org'], SETTINGS, callOf())).texts).toEqual([
      '[EMAIL]',
    ]);
  });

  test('that hangs is killed once its call is cancelled', async () => {
    const { redactor, worker } = open();
    await redactor.redact(['warm'], SETTINGS, callOf());
    const { pid } = worker.status();
    const call = callOf();
    const hanging = failureOf(redactor.redact(['hang'], SETTINGS, call));
    call.abort();
    expect(await hanging).toMatchObject({ reason: 'Cancelled' });
    const texts = await redactor
      .redact(['ann@example.org'], SETTINGS, callOf())
      .then((redacted) => redacted.texts, failureAsText);
    expect([['[EMAIL]'], 'WorkerCrashed']).toContainEqual(texts);
    await expect.poll(() => worker.status().pid).not.toBe(pid);
  });

  test('whose death a stream meets ends the stream, and nothing unredacted comes out', async () => {
    const { redactor, worker } = open();
    const stream = redactor.openStream(SETTINGS, callOf());
    const pushed = failureOf(stream.push(`slow9 ann@example.org ${'and so on '.repeat(99_999)}`));
    await expect.poll(() => worker.status().running).toBe(1);
    process.kill(worker.status().pid, 'SIGKILL');
    expect(await pushed).toMatchObject({ reason: 'WorkerCrashed' });
    expect(await failureOf(stream.end())).toMatchObject({ reason: 'WorkerCrashed' });
  });

  test('leaves no word of a text in a log or an error', async () => {
    const { redactor, logged, effects } = open();
    const canary = 'canary-6f1d@example.org';
    const settings: RedactionSettings = { ...SETTINGS, replacement: { mode: 'block' } };
    const errors = [
      await failureOf(redactor.redact([`x ${canary}`], settings, callOf())),
      await failureOf(redactor.redact([`fail ${canary}`], SETTINGS, callOf())),
      await failureOf(
        redactor.openStream(settings, callOf()).push(`x ${canary} ${'and '.repeat(99)}`),
      ),
    ];
    const everything = JSON.stringify([
      logged,
      effects,
      errors.map((error) => [error.toWire(), error.stack]),
    ]);
    expect(everything).not.toContain('canary');
  });
});

const failureAsText = (error: unknown): string => (error as { reason: string }).reason;
