import { type Client, createClient, createLocalMode, type LocalMode } from '@locara/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import type { RawCredentials } from '../support/raw-client.ts';

let daemon: DaemonProcess;
let credentials: RawCredentials;
let client: Client;
let local: LocalMode;

beforeAll(async () => {
  daemon = await startDaemonProcess();
  credentials = await installSample(daemon.controlSocket);
  client = createClient({ credentials });
  local = createLocalMode(client);
});
afterAll(async () => {
  await client.close();
  await daemon[Symbol.asyncDispose]();
});

const input = 'a walk';
const database = 'letters';

test('a step encrypts by a key or by a database, and never by both or by neither', async () => {
  const { key } = await local.deriveEncryptionKey('user-password');
  for (const encrypt of [{}, { key: key.handle, database }]) {
    await expect(client.embed.create({ input, pipeline: [{ encrypt }] })).rejects.toMatchObject({
      reason: 'InvalidParams',
    });
  }
});

test('what a model writes is sealed by a derived key, and no piece of it comes in the clear', async () => {
  const { key } = await local.deriveEncryptionKey('user-password');
  const deltas: string[] = [];
  const { content, sealed } = await client.llm.complete(
    { prompt: 'Once', maxTokens: 8, seed: 7, pipeline: [{ encrypt: { key: key.handle } }] },
    { onChunk: ({ delta }) => deltas.push(delta) },
  );
  expect([content, ...deltas].join('')).toBe('');
  if (sealed === undefined) throw new Error('nothing was sealed');
  const written = await local.decryptJSON<{ readonly content: string }>(sealed, key);
  expect(written.content).not.toBe('');
});

test("another session's key is none", async () => {
  const { key } = await local.deriveEncryptionKey('user-password');
  await using other = createClient({ credentials });
  const pipeline = [{ encrypt: { key: key.handle } }];
  await expect(other.embed.create({ input, pipeline })).rejects.toMatchObject({
    reason: 'NotFound',
  });
});

test('records are sealed by a database alone: a key that ends with its session would lose them', async () => {
  const { key } = await local.deriveEncryptionKey('user-password');
  const pipeline = [{ encrypt: { key: key.handle } }] as unknown as [
    { encrypt: { database: string } },
  ];
  const records = [{ id: '1', text: 'a walk in the rain' }];
  await client.collections.create({ collection: 'letters' });
  const upsert = client.collections.upsert({ collection: 'letters', records, pipeline });
  await expect(upsert).rejects.toMatchObject({ reason: 'InvalidParams' });
});

test('a sealed record opens where its database is unlocked, and says elsewhere that it is locked', async () => {
  const keystore = local.createKeystore();
  await keystore.initialize(database, 'user-password');
  const records = [{ id: '1', text: 'a walk in the rain', metadata: { from: 'Ada', year: 1984 } }];
  await client.collections.upsert({
    collection: 'letters',
    records,
    pipeline: [{ encrypt: { database, keep: ['year'] } }],
  });
  const asked = { collection: 'letters', ids: ['1'] };
  expect((await client.collections.get(asked)).records).toEqual(records);
  await using other = createClient({ credentials });
  expect((await other.collections.get(asked)).records).toEqual([
    { id: '1', metadata: { year: 1984 }, sealed: { database, reason: 'locked' } },
  ]);
});
