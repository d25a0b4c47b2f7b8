import { createControlClient } from '@locara/client';
import { expect, test } from 'vitest';
import { type FakeCall, FakeDaemon } from '../../fakes/fake-daemon.ts';

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

const started = { run: 'r', attestation: 'daemon-launched-sandbox' };
const stdout = Buffer.from('hi').toString('base64');
const command = { appId: 'acme/notes', command: ['true'] };

test('a control method with chunks is awaited, iterated, or both', async () => {
  const handlers = {
    'app.run': ({ chunk }: FakeCall) => {
      chunk({ started }, 0);
      chunk({ stdout }, 1);
      return { exitCode: 3 };
    },
  };
  await using daemon = await FakeDaemon.start({ handlers });
  await using control = createControlClient({ socket: daemon.socket });
  const answer = control.stream('app.run', command);
  const chunks: unknown[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  expect(chunks).toEqual([{ started }, { stdout }]);
  expect(await answer).toEqual({ exitCode: 3 });
  expect(await control.app.run(command)).toEqual({ exitCode: 3 });
});

test('leaving the loop over a control stream cancels it', async () => {
  const cancelled = Promise.withResolvers<undefined>();
  const handlers = {
    'app.run': ({ chunk, signal }: FakeCall) => {
      signal.addEventListener('abort', () => {
        cancelled.resolve(undefined);
      });
      chunk({ started }, 0);
      return new Promise(() => undefined);
    },
  };
  await using daemon = await FakeDaemon.start({ handlers });
  await using control = createControlClient({ socket: daemon.socket });
  for await (const chunk of control.stream('app.run', command)) {
    expect(chunk).toEqual({ started });
    break;
  }
  await cancelled.promise;
});

test('a control stream with a gap is no answer', async () => {
  const handlers = {
    'app.run': ({ chunk }: FakeCall) => {
      chunk({ started }, 1);
      return { exitCode: 0 };
    },
  };
  await using daemon = await FakeDaemon.start({ handlers });
  await using control = createControlClient({ socket: daemon.socket });
  await expect(control.stream('app.run', command)).rejects.toMatchObject({
    code: 'InvalidResponse',
  });
});
