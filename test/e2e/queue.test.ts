import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { authenticate, openWire, type Wire, type WireMessage } from '../support/raw-client.ts';

const LONG_LIST = Array.from({ length: 2000 }, () => 'kitten and cat '.repeat(126));

let daemon: DaemonProcess;
/** Two connections of an app that wants much, one of an app that wants little. */
let greedy: Wire[];
let modest: Wire;

beforeAll(async () => {
  daemon = await startDaemonProcess({ environment: { LOCARA_LLM_SEQUENCES: '4' } });
  const much = await installSample(daemon.controlSocket, { name: 'much' });
  const little = await installSample(daemon.controlSocket, { name: 'little' });
  const open = async (credentials: typeof much): Promise<Wire> => {
    const wire = await openWire(daemon.appSocket);
    await authenticate(wire, credentials);
    return wire;
  };
  greedy = [await open(much), await open(much)];
  modest = await open(little);
  await chat(modest, 1);
  await modest.call('embed.create', { input: 'cat' });
});
afterAll(async () => {
  for (const wire of [...greedy, modest]) wire.end();
  await daemon[Symbol.asyncDispose]();
});

function chat(wire: Wire, maxTokens: number, id?: string): Promise<WireMessage> {
  const messages = [{ role: 'user', content: 'Once upon a time' }];
  return wire.call('llm.chat', { messages, maxTokens }, id);
}

/** How many calls of the daemon run and wait. */
async function callsOf(wire: Wire | undefined): Promise<Record<string, number> | undefined> {
  const { result } = (await wire?.call('daemon.status')) ?? {};
  return result?.['calls'] as Record<string, number> | undefined;
}

function cancel(wire: Wire, id: string): void {
  wire.send({ jsonrpc: '2.0', method: '$/cancel', params: { id } });
}

test('an app is not kept waiting by the sixty calls of another', async () => {
  const ids = Array.from({ length: 30 }, (_, index) => `chat-${index}`);
  const many = greedy.map((wire) => Promise.all(ids.map((id) => chat(wire, 200, id))));
  await expect
    .poll(async () => (await callsOf(greedy[0]))?.['queued'])
    // Some of the first may have ended before anybody looks.
    .toBeGreaterThan(40);
  expect((await chat(modest, 5)).error).toBeUndefined();
  const isAnswer = ({ id, method }: WireMessage) =>
    method === undefined && String(id).startsWith('chat-');
  expect(greedy.flatMap(({ received }) => received.filter(isAnswer)).length).toBeLessThan(30);
  for (const wire of greedy) for (const id of ids) cancel(wire, id);
  const answers = (await Promise.all(many)).flat();
  expect(answers.filter(({ error }) => error?.data.reason === 'Cancelled').length).toBeGreaterThan(
    30,
  );
});

test('a long list of texts lets a short one in between', async () => {
  const list = greedy[0]?.call('embed.create', { input: LONG_LIST, encoding: 'f32' }, 'list');
  await expect.poll(() => callsOf(greedy[0])).toMatchObject({ running: 2, queued: 0 });
  expect((await modest.call('embed.create', { input: 'cat' })).error).toBeUndefined();
  if (greedy[0]) cancel(greedy[0], 'list');
  expect((await list)?.error?.data.reason).toBe('Cancelled');
});
