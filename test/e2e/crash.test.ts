import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openControlWire } from '../support/control-wire.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { authenticate, openWire, type Wire } from '../support/raw-client.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
const audio = readFileSync(join(FIXTURES, 'audio/goforward.wav')).toString('base64');
const image = readFileSync(join(FIXTURES, 'images/p150.png')).toString('base64');

let daemon: DaemonProcess;
let wire: Wire;
/** This process plays an app, which may not reach the control socket itself. */
let control: Wire;

beforeAll(async () => {
  daemon = await startDaemonProcess();
  const credentials = await installSample(daemon.controlSocket);
  control = await openControlWire(daemon.controlSocket);
  await control.call('status.get');
  wire = await openWire(daemon.appSocket);
  await authenticate(wire, credentials);
  await wire.call('db.exec', { sql: 'CREATE TABLE t (x)' });
});
afterAll(async () => {
  wire.end();
  control.end();
  await daemon[Symbol.asyncDispose]();
});

async function workerPid(kind: string): Promise<number | undefined> {
  const { result } = await control.call('status.get');
  const workers = result?.['workers'] as { kind: string; pid: number; state: string }[];
  return workers.find((worker) => worker.kind === kind && worker.pid > 0)?.pid;
}

const jobs: [kind: string, method: string, params: object][] = [
  [
    'llm',
    'llm.chat',
    { messages: [{ role: 'user', content: 'Once upon a time' }], maxTokens: 400 },
  ],
  ['speech', 'transcribe.run', { audio: { data: audio } }],
  ['ocr', 'ocr.recognize', { image: { data: image } }],
  [
    'store',
    'db.query',
    {
      sql: 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 3000000) SELECT count(*) AS n FROM n',
    },
  ],
];

test.each(jobs)(
  'kill -9 of the %s worker under a call answers WorkerCrashed; the next call works',
  async (kind, method, params) => {
    // Once undisturbed, so that the worker is up and its work takes its usual time.
    expect((await wire.call(method, params)).error).toBeUndefined();
    const pid = await workerPid(kind);
    expect(pid).toBeGreaterThan(0);
    const answer = wire.call(method, params);
    await new Promise((resolve) => setTimeout(resolve, 15));
    process.kill(pid ?? 0, 'SIGKILL');
    const crashed = await answer;
    // A fast machine may have answered before the signal arrived; it must never hang or be untyped.
    if (crashed.error !== undefined) {
      expect(crashed.error.data).toMatchObject({ reason: 'WorkerCrashed', retryable: true });
    }
    // After an answer that was faster than the signal, the process may still be dying.
    await expect.poll(() => workerPid(kind)).not.toBe(pid);
    const again = await wire.call(method, params);
    expect(again.error).toBeUndefined();
    expect(await workerPid(kind)).not.toBe(pid);
    expect((await wire.call('daemon.ping')).result).toEqual({ ok: true });
  },
);

test('cancelling a transcription frees the engine for the next one', async () => {
  wire.send({
    jsonrpc: '2.0',
    id: 'gone',
    method: 'transcribe.run',
    params: { audio: { data: audio } },
  });
  wire.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: 'gone' } });
  const gone = await wire.next(({ id }) => id === 'gone');
  expect(gone.error?.data.reason).toBe('Cancelled');
  const next = await wire.call('transcribe.run', { audio: { data: audio } });
  expect(next.result?.['text']).toMatch(/go forward ten meters/i);
});

test('draining tells the apps, lets a running call finish, and refuses new ones', async () => {
  const last = wire.call('llm.chat', {
    messages: [{ role: 'user', content: 'Once' }],
    maxTokens: 300,
  });
  await wire.next(({ method }) => method === '$/chunk');
  daemon.child.kill('SIGTERM');
  const notice = await wire.next(({ method }) => method === 'daemon.draining');
  expect(notice.params).toMatchObject({ reason: 'stopping' });
  const refused = await wire.call('daemon.ping');
  if (refused.error !== undefined) expect(refused.error.data.reason).toBe('Unavailable');
  expect((await last).result).toBeDefined();
  await wire.closed();
  expect(await daemon.stop()).toBe(0);
});
