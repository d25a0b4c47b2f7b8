import { createClient } from '@locara/client';
import { afterEach, expect, test, vi } from 'vitest';
import { takeChannel } from '../../../clients/typescript/channel.ts';
import { FakeDaemon } from '../../fakes/fake-daemon.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('an app that nobody launched has no channel', () => {
  expect(takeChannel({})).toBeUndefined();
  expect(takeChannel({ LOCARA_CHANNEL_FD: '' })).toBeUndefined();
});

test.each(['x', '-1', '3.5', '9999'])('a variable that says %j names no channel', (value) => {
  expect(() => takeChannel({ LOCARA_CHANNEL_FD: value })).toThrow(
    expect.objectContaining({ code: 'ConnectFailed' }) as Error,
  );
});

test('a launched app that lost its channel is told so, and connects nowhere else', async () => {
  vi.stubEnv('LOCARA_CHANNEL_FD', 'taken');
  await using daemon = await FakeDaemon.start();
  await using client = createClient({ credentials: daemon.credentials });
  await expect(client.connect()).rejects.toMatchObject({ code: 'ConnectionClosed' });
  expect(daemon.received).toEqual([]);
});

test('a socket that the caller names goes before the channel', async () => {
  vi.stubEnv('LOCARA_CHANNEL_FD', 'taken');
  await using daemon = await FakeDaemon.start();
  const { credentials, socket } = daemon;
  await using client = createClient({ credentials, socket });
  expect((await client.connect()).app.id).toBe('acme/notes');
});
