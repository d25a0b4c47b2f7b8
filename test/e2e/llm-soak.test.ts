import { afterAll, beforeAll, expect, test } from 'vitest';
import { percentile } from '../bench/measure.ts';
import { openCallWire } from '../support/call-wire.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { soak, SOAK_ENVIRONMENT, type SoakReport } from '../support/load/soak.ts';
import type { RawCredentials } from '../support/raw-client.ts';

const DURATION_MS = 3500;
const KILLED_KINDS = ['chat', 'complete', 'count'] as const;
const TASK = { prompt: 'Once upon a time', maxTokens: 12, temperature: 0 };

let daemon: DaemonProcess;
let apps: RawCredentials[];
let textBefore: unknown;
let report: SoakReport;

beforeAll(async () => {
  daemon = await startDaemonProcess({ environment: SOAK_ENVIRONMENT });
  apps = [];
  for (const name of ['one', 'two', 'three'])
    apps.push(await installSample(daemon.controlSocket, { name }));
  textBefore = await writeAs(apps[0]);
  report = await soak({
    daemon,
    apps,
    durationMs: DURATION_MS,
    seed: 1,
    victims: [{ model: 'stories-260k', kind: 'complete' }],
    // On a busy machine the time alone may see no call through, or none under a kill.
    isEnough: (log) =>
      log.count('complete', 'ok') > 0 &&
      KILLED_KINDS.some((kind) => log.count(kind, 'WorkerCrashed') > 0),
  });
});
afterAll(() => daemon[Symbol.asyncDispose]());

async function writeAs(app: RawCredentials | undefined): Promise<unknown> {
  if (app === undefined) throw new Error('there is no such app');
  const wire = await openCallWire(daemon.appSocket, app);
  const { result } = await wire.call('llm.complete', TASK);
  wire.end();
  return result?.['content'];
}

test('every call is answered once, with the text of its seed, whatever is killed or cancelled beside it', () => {
  expect(report.violations).toEqual([]);
  expect(report.outcomes['complete']?.['ok']).toBeGreaterThan(0);
});

test('the callers of a killed worker are told that it crashed', () => {
  expect(report.kills).toBeGreaterThan(0);
  const crashed = KILLED_KINDS.map((kind) => report.outcomes[kind]?.['WorkerCrashed'] ?? 0);
  expect(Math.max(...crashed)).toBeGreaterThan(0);
});

test('the callers of another model notice nothing', () => {
  expect(Object.keys(report.outcomes['embed'] ?? {})).toEqual(['ok']);
});

test('the daemon answers pings all the while', () => {
  // On a busy machine even a process that only echoes is late.
  const allowedMs = Math.max(100, 5 * percentile(report.echoesMs, 99));
  expect(percentile(report.pingsMs, 99)).toBeLessThan(allowedMs);
});

test('afterwards every app is served as before, and nothing is left over', async () => {
  expect(await Promise.all(apps.map(writeAs))).toEqual(apps.map(() => textBefore));
  const [app] = apps;
  if (app === undefined) throw new Error('there is no app');
  const wire = await openCallWire(daemon.appSocket, app);
  const { result } = await wire.call('daemon.status', {});
  wire.end();
  expect(result?.['calls']).toMatchObject({ running: 1, queued: 0 });
});
