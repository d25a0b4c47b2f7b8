import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openControlWire } from '../support/control-wire.ts';
import { createHome, type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installOver, installSample } from '../support/install-sample.ts';
import {
  authenticate,
  openWire,
  type RawCredentials,
  type Wire,
  type WireMessage,
} from '../support/raw-client.ts';

const HOME = createHome();
const ENVIRONMENT = {
  LOCARA_CONCURRENT_CALLS: '5',
  LOCARA_TOKENS_PER_MINUTE: '4000',
  LOCARA_TOKENS_PER_DAY: '9000',
};
const LONG = 1500;

let daemon: DaemonProcess;
let control: Wire;
const apps: Record<string, RawCredentials> = {};

/** Each app may use less of one thing than the settings of this daemon allow. */
const APPS: Record<string, object | undefined> = {
  usual: undefined,
  slow: { tokens_per_minute: 60 },
  small: { tokens_per_day: 100, tokens_per_minute: 1_000_000 },
  few: { concurrent_calls: 2 },
  late: undefined,
  gone: { tokens_per_day: 100 },
};

beforeAll(async () => {
  daemon = await startDaemonProcess({ home: HOME, environment: ENVIRONMENT });
  for (const [name, limits] of Object.entries(APPS)) {
    apps[name] = await installSample(daemon.controlSocket, { name, ...(limits && { limits }) });
  }
  control = await openControlWire(daemon.controlSocket);
});
afterAll(async () => {
  control.end();
  await daemon[Symbol.asyncDispose]();
  rmSync(HOME, { recursive: true, force: true, maxRetries: 5 });
});

async function connect(name: string): Promise<Wire> {
  const wire = await openWire(daemon.appSocket);
  const credentials = apps[name];
  if (credentials === undefined) throw new Error(name);
  await authenticate(wire, credentials);
  return wire;
}

type Quotas = Record<string, { readonly limit: number; readonly used: number }>;

async function quotasOf(wire: Wire): Promise<Quotas> {
  const { result } = await wire.call('session.info', {});
  return result?.['quotas'] as Quotas;
}

const complete = (wire: Wire, maxTokens: number, id?: string): Promise<WireMessage> =>
  wire.call('llm.complete', { prompt: 'Once upon a time', maxTokens }, id);

function paidBy({ result }: WireMessage): number {
  const usage = result?.['usage'] as Record<string, number>;
  const [prompt = 0, cached = 0, written = 0] = [
    usage['promptTokens'],
    usage['cachedTokens'],
    usage['completionTokens'],
  ];
  return prompt - cached + written;
}

test('the settings are the limits of an app that declares none, and more is never allowed', async () => {
  const usual = await connect('usual');
  const small = await connect('small');
  expect(await quotasOf(usual)).toMatchObject({
    concurrentCalls: { limit: 5, used: 0 },
    tokensPerMinute: { limit: 4000 },
    tokensPerDay: { limit: 9000 },
  });
  expect(await quotasOf(small)).toMatchObject({
    tokensPerMinute: { limit: 4000 },
    tokensPerDay: { limit: 100 },
  });
  usual.end();
  small.end();
});

test('text, embeddings and embedded records cost what their usage says', async () => {
  const wire = await connect('usual');
  const before = (await quotasOf(wire))['tokensPerDay']?.used ?? 0;
  const told = paidBy(await complete(wire, 4));
  const embedded = await wire.call('embed.create', { input: ['a cat', 'a dog'] });
  const read = (embedded.result?.['usage'] as { promptTokens: number }).promptTokens;
  expect((await quotasOf(wire))['tokensPerDay']?.used).toBe(before + told + read);
  await wire.call('collections.create', { collection: 'notes' });
  const records = [{ id: 'a', text: 'a cat' }];
  expect((await wire.call('collections.upsert', { collection: 'notes', records })).error).toBe(
    undefined,
  );
  expect((await quotasOf(wire))['tokensPerDay']?.used).toBeGreaterThan(before + told + read);
  const { used } = (await quotasOf(wire))['tokensPerDay'] ?? {};
  const counted = await wire.call('llm.countTokens', { prompt: 'Once upon a time' });
  expect(counted.error).toBe(undefined);
  expect((await quotasOf(wire))['tokensPerDay']?.used).toBe(used);
  wire.end();
});

test('over the minute an app is Busy with the wait, and others are served', async () => {
  const slow = await connect('slow');
  expect((await complete(slow, 40)).error).toBe(undefined);
  const refused = await complete(slow, 40);
  expect(refused.error?.data).toMatchObject({
    reason: 'Busy',
    retryable: true,
    details: { quota: 'tokensPerMinute', limit: 60 },
  });
  const wait = refused.error?.data.details?.['retryAfterMs'] as number;
  expect(wait).toBeGreaterThan(40_000);
  expect(wait).toBeLessThanOrEqual(61_000);
  const usual = await connect('usual');
  expect((await complete(usual, 1)).error).toBe(undefined);
  slow.end();
  usual.end();
});

test('over the concurrent calls an app is Busy, and free again once one ends', async () => {
  const few = await connect('few');
  const running = [complete(few, LONG, 'a'), complete(few, LONG, 'b')];
  const refused = await complete(few, 1);
  expect(refused.error?.data).toMatchObject({
    reason: 'Busy',
    details: { quota: 'concurrentCalls', limit: 2, used: 2, retryAfterMs: 250 },
  });
  for (const id of ['a', 'b']) few.send({ jsonrpc: '2.0', method: '$/cancel', params: { id } });
  await Promise.all(running);
  expect((await complete(few, 1)).error).toBe(undefined);
  expect((await quotasOf(few))['concurrentCalls']?.used).toBe(0);
  few.end();
});

test('a call whose connection closes is paid for, and leaves nothing open', async () => {
  const leaving = await connect('few');
  const before = (await quotasOf(leaving))['tokensPerDay']?.used ?? 0;
  const text = complete(leaving, LONG).catch(() => undefined);
  await leaving.next(({ method }) => method === '$/chunk');
  leaving.end();
  await text;
  const again = await connect('few');
  await expect.poll(async () => (await quotasOf(again))['concurrentCalls']?.used).toBe(0);
  expect((await quotasOf(again))['tokensPerDay']?.used).toBeGreaterThan(before);
  again.end();
});

test('a text that is not written in timeoutMs is Timeout', async () => {
  const wire = await connect('late');
  const params = { prompt: 'Once upon a time', maxTokens: LONG, timeoutMs: 1 };
  const { error } = await wire.call('llm.complete', params);
  expect(error?.data).toMatchObject({ reason: 'Timeout', details: { timeoutMs: 1 } });
  const embedding = { input: Array.from({ length: 60 }, () => 'kitten '.repeat(20)) };
  const late = await wire.call('embed.create', { ...embedding, timeoutMs: 1 });
  expect(late.error?.data.reason).toBe('Timeout');
  wire.end();
});

test('a day is not forgotten when an app is installed again, not even wiped', async () => {
  const before = await connect('gone');
  expect((await complete(before, 90)).error).toBe(undefined);
  const { used } = (await quotasOf(before))['tokensPerDay'] ?? {};
  expect(used).toBeGreaterThan(50);
  before.end();
  const appId = 'acme/gone';
  await expect(control.call('app.uninstall', { appId, wipe: true })).resolves.toHaveProperty(
    'result.wiped',
    true,
  );
  apps['gone'] = await installOver(control, { name: 'gone', limits: APPS['gone'] }, 'another');
  const after = await connect('gone');
  expect((await quotasOf(after))['tokensPerDay']?.used).toBe(used);
  after.end();
});

test('over the day an app is refused, also by the next daemon', async () => {
  const wire = await connect('small');
  expect((await complete(wire, 90)).error).toBe(undefined);
  const refused = await complete(wire, 90);
  const details = { quota: 'tokensPerDay', limit: 100 };
  expect(refused.error?.data).toMatchObject({ reason: 'QuotaExceeded', retryable: false, details });
  const resetsAt = Date.parse(refused.error?.data.details?.['resetsAt'] as string);
  expect(resetsAt - Date.now()).toBeGreaterThan(23 * 60 * 60 * 1000);
  wire.end();
  control.end();
  await daemon.stop();
  daemon = await startDaemonProcess({ home: HOME, environment: ENVIRONMENT });
  control = await openControlWire(daemon.controlSocket);
  const again = await connect('small');
  expect((await complete(again, 90)).error?.data).toMatchObject({ details });
  again.end();
});
