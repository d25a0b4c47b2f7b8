import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openControlWire } from '../support/control-wire.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { authenticate, openWire, type Wire, type WireMessage } from '../support/raw-client.ts';

/** Room for one of the two models, not for both. */
const ONE_MODEL = { LOCARA_MEMORY_LIMIT_MB: '180' };

/** Of apps that are all installed first: a process that holds a session may not install. */
async function openSessions(daemon: DaemonProcess, names: readonly string[]): Promise<Wire[]> {
  const credentials = [];
  for (const name of names) credentials.push(await installSample(daemon.controlSocket, { name }));
  const wires = await Promise.all(credentials.map(() => openWire(daemon.appSocket)));
  for (const [index, wire] of wires.entries()) {
    const own = credentials[index];
    if (own !== undefined) await authenticate(wire, own);
  }
  return wires;
}

async function openSession(daemon: DaemonProcess): Promise<Wire> {
  const [wire] = await openSessions(daemon, ['notes']);
  if (wire === undefined) throw new Error('no session');
  return wire;
}

async function loadedModels(daemon: DaemonProcess): Promise<string[]> {
  const control = await openControlWire(daemon.controlSocket);
  const { result } = await control.call('status.get', {});
  control.end();
  const workers = result?.['workers'] as { model: string; memoryBytes?: number }[];
  return workers.filter(({ memoryBytes }) => memoryBytes !== undefined).map(({ model }) => model);
}

async function stateOf(wire: Wire, model: string): Promise<unknown> {
  const { result } = await wire.call('models.list', {});
  const models = result?.['models'] as { id: string; state: string }[];
  return models.find(({ id }) => id === model)?.state;
}

const tell = (wire: Wire, maxTokens = 2) =>
  wire.call('llm.complete', { prompt: 'Once upon a time', maxTokens });
const embed = (wire: Wire) => wire.call('embed.create', { input: 'cat' });
const isChunk = ({ method }: WireMessage) => method === '$/chunk';

test('a second model takes the place of an idle one, and who used that hears of it', async () => {
  await using daemon = await startDaemonProcess({ environment: ONE_MODEL });
  const wire = await openSession(daemon);
  expect((await tell(wire)).error).toBeUndefined();
  expect(await loadedModels(daemon)).toEqual(['stories-260k']);
  expect(await stateOf(wire, 'stories-260k')).toBe('loaded');
  expect((await embed(wire)).error).toBeUndefined();
  expect(await loadedModels(daemon)).toEqual(['glove-sif-96']);
  expect(await stateOf(wire, 'stories-260k')).toBe('installed');
  const changes = wire.received.filter(({ method }) => method === 'models.changed');
  expect(changes.map(({ params }) => params?.['models'])).toEqual([
    ['stories-260k'],
    ['stories-260k'],
    ['glove-sif-96'],
  ]);
});

test('a model that can never fit is refused with the numbers', async () => {
  await using daemon = await startDaemonProcess({ environment: { LOCARA_MEMORY_LIMIT_MB: '64' } });
  const wire = await openSession(daemon);
  const { error } = await tell(wire);
  expect(error?.data).toMatchObject({
    reason: 'InsufficientResources',
    retryable: false,
    details: { resource: 'memory', model: 'stories-260k', limitBytes: 64 * 2 ** 20 },
  });
  const { neededBytes } = error?.data.details as { neededBytes: number };
  expect(neededBytes).toBeGreaterThan(64 * 2 ** 20);
});

test('a busy model is waited for, not unloaded', async () => {
  await using daemon = await startDaemonProcess({ environment: ONE_MODEL });
  const wire = await openSession(daemon);
  const story = tell(wire, 400);
  await wire.next(isChunk);
  const order: string[] = [];
  await Promise.all([
    story.then(({ error }) => order.push(`story ${error?.data.reason ?? 'told'}`)),
    embed(wire).then(({ error }) => order.push(`embedding ${error?.data.reason ?? 'made'}`)),
  ]);
  expect(order).toEqual(['story told', 'embedding made']);
});

test('a model that waits too long for a busy one is Busy, and cancelled at once', async () => {
  const environment = { ...ONE_MODEL, LOCARA_MEMORY_WAIT_MS: '100' };
  await using daemon = await startDaemonProcess({ environment });
  const wire = await openSession(daemon);
  const prompt = 'Once upon a time';
  const story = wire.call('llm.complete', { prompt, maxTokens: 2000 }, 'story');
  await wire.next(isChunk);
  const cancelled = wire.call('embed.create', { input: 'cat' }, 'waits');
  wire.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: 'waits' } });
  expect((await cancelled).error?.data.reason).toBe('Cancelled');
  const { error } = await embed(wire);
  expect(error?.data).toMatchObject({ reason: 'Busy', retryable: true });
  expect(error?.data.details).toMatchObject({ retryAfterMs: 5000, model: 'glove-sif-96' });
  wire.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: 'story' } });
  expect((await story).error?.data.reason).toBe('Cancelled');
});

describe('a lease', () => {
  const environment = { LOCARA_WORKER_IDLE_MS: '50' };
  const take = (wire: Wire, changes: object = {}) =>
    wire.call('models.lease', { model: 'stories-260k', ...changes });

  test('loads a model and keeps it past its idle time, until it is released', async () => {
    await using daemon = await startDaemonProcess({ environment });
    const [wire, stranger] = await openSessions(daemon, ['notes', 'stranger']);
    if (wire === undefined || stranger === undefined) throw new Error('no session');
    const { result } = await take(wire);
    expect(result?.['model']).toMatchObject({ id: 'stories-260k', state: 'loaded' });
    // Another model comes and goes meanwhile, so the idle time has passed.
    await embed(wire);
    await expect.poll(() => loadedModels(daemon)).toEqual(['stories-260k']);
    const { lease } = result as { lease: string };
    const refused = await stranger.call('models.release', { lease });
    expect(refused.error?.data.reason).toBe('NotFound');
    expect((await wire.call('models.release', { lease })).result).toEqual({ released: true });
    await expect.poll(() => loadedModels(daemon)).toEqual([]);
    const again = await wire.call('models.release', { lease });
    expect(again.error?.data.reason).toBe('NotFound');
  });

  test.each(['session', 'time'])('ends with its %s', async (end) => {
    await using daemon = await startDaemonProcess({ environment });
    const wire = await openSession(daemon);
    await take(wire, end === 'time' ? { ttlMs: 1 } : {});
    if (end === 'session') wire.end();
    await expect.poll(() => loadedModels(daemon)).toEqual([]);
  });

  test('is one of four that an app may hold', async () => {
    await using daemon = await startDaemonProcess();
    const wire = await openSession(daemon);
    for (let count = 0; count < 4; count++) expect((await take(wire)).error).toBeUndefined();
    expect((await take(wire)).error?.data).toMatchObject({
      reason: 'Busy',
      details: { limit: 4 },
    });
  });

  test('holds speech and images as well', async () => {
    await using daemon = await startDaemonProcess();
    const wire = await openSession(daemon);
    for (const model of ['micro-whisper-en', 'tesseract-eng', 'glove-sif-96']) {
      expect((await take(wire, { model })).result?.['model']).toMatchObject({ state: 'loaded' });
    }
  });

  test('gives way when another model needs the memory', async () => {
    await using daemon = await startDaemonProcess({ environment: ONE_MODEL });
    const wire = await openSession(daemon);
    await take(wire);
    expect((await embed(wire)).error).toBeUndefined();
    expect(await loadedModels(daemon)).toEqual(['glove-sif-96']);
  });
});

test('an app does not see that another one loaded a model', async () => {
  await using daemon = await startDaemonProcess();
  const [worker, watcher] = await openSessions(daemon, ['worker', 'watcher']);
  if (worker === undefined || watcher === undefined) throw new Error('no session');
  await tell(worker);
  expect(await stateOf(worker, 'stories-260k')).toBe('loaded');
  expect(await stateOf(watcher, 'stories-260k')).toBe('installed');
  expect(watcher.received.filter(({ method }) => method === 'models.changed')).toEqual([]);
});

test('a loaded model goes on when its file is gone, and the next start puts it back', async () => {
  await using daemon = await startDaemonProcess();
  const wire = await openSession(daemon);
  await tell(wire);
  const cache = join(daemon.home, 'cache');
  const find = () =>
    readdirSync(cache, { recursive: true, encoding: 'utf8' }).find((path) =>
      path.endsWith('stories260K.gguf'),
    );
  rmSync(join(cache, find() ?? ''));
  expect((await tell(wire)).error).toBeUndefined();
  expect(find()).toBeUndefined();
});

test('models.list tells the context that every app gets', async () => {
  await using daemon = await startDaemonProcess({ environment: { LOCARA_CONTEXT_TOKENS: '600' } });
  const wire = await openSession(daemon);
  const { result } = await wire.call('models.ensure', { model: 'stories-260k' });
  expect(result?.['model']).toMatchObject({ contextTokens: 600 });
  const long = await wire.call('llm.complete', { prompt: 'word '.repeat(2000) });
  expect(long.error?.data.reason).toBe('ContextOverflow');
});
