import { createControlClient } from '@locara/client';
import { expect, test } from 'vitest';
import { FakeDaemon } from '../../fakes/fake-daemon.ts';

test('the control client calls without a handshake', async () => {
  await using daemon = await FakeDaemon.start({ handlers: { 'app.list': () => ({ apps: [] }) } });
  await using control = createControlClient({ socket: daemon.socket });
  expect(await control.app.list()).toEqual({ apps: [] });
  expect(await control.call('app.list', {})).toEqual({ apps: [] });
  expect(daemon.received).toEqual(['app.list', 'app.list']);
});

test('the control client says at once that nothing listens', async () => {
  await using control = createControlClient({ socket: '/nowhere/control.sock' });
  await expect(control.status.get()).rejects.toMatchObject({ code: 'ConnectFailed' });
});
