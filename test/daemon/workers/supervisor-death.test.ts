import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { RpcError } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import { BACK_OFF } from '../../../daemon/workers/back-off.ts';
import {
  failureOf,
  isProcessRunning,
  untilRunning,
  useEchoWorkers,
} from '../../support/echo-worker.ts';
import { isRunning } from '../../support/process-tree.ts';

const UNSEALED = new URL('../../fakes/echo-worker/unsealed.ts', import.meta.url);
const PARENT = new URL('../../fakes/echo-worker/parent.ts', import.meta.url);

const { open, logged } = useEchoWorkers();

describe('death', () => {
  test('kill -9 in the middle of a call answers WorkerCrashed, and the next call gets a new process', async () => {
    const worker = open();
    const call = worker.call('sleep', { ms: 60_000 });
    await untilRunning(worker);
    const { pid } = worker.status();
    process.kill(pid, 'SIGKILL');
    expect(await failureOf(call)).toMatchObject({ reason: 'WorkerCrashed', retryable: true });
    expect(await worker.call('echo', { text: 'a' })).toEqual({ text: 'a' });
    expect(worker.status().pid).not.toBe(pid);
  });

  test('a call in the queue outlives the crash of the one before it', async () => {
    const worker = open();
    const [crashed, queued] = await Promise.allSettled([
      worker.call('crash', {}),
      worker.call('echo', { text: 'a' }),
    ]);
    expect(crashed).toMatchObject({ reason: { reason: 'WorkerCrashed' } });
    expect(queued).toMatchObject({ value: { text: 'a' } });
  });

  test('three crashes of one kind of call quarantine that kind alone, and a success lifts it', async () => {
    const backOff = {
      firstDelayMs: 1,
      maxDelayMs: 1,
      crashesToQuarantine: 3,
      quarantineMs: 1500,
      maxQuarantineMs: 1500,
    };
    const worker = open({}, { backOff });
    for (let crash = 1; crash <= 3; crash += 1) {
      expect((await failureOf(worker.call('crash', {}))).reason).toBe('WorkerCrashed');
    }
    const error = await failureOf(worker.call('crash', {}));
    expect(error).toMatchObject({
      reason: 'Unavailable',
      retryable: true,
      details: { cause: 'crash-loop', retryAfterMs: expect.any(Number) as number },
    });
    expect(await failureOf(worker.prepare('crash'))).toMatchObject({
      reason: 'Unavailable',
      details: { cause: 'crash-loop' },
    });
    await worker.prepare('echo');
    expect(worker.status()).toMatchObject({ state: 'ready' });
    expect(await worker.call('echo', { text: 'a' })).toEqual({ text: 'a' });
    await sleep(1500);
    expect((await failureOf(worker.call('crash', {}))).reason).toBe('WorkerCrashed');
  });

  test('a kill answers what ran, and what waited runs after it, in its order', async () => {
    const worker = open({ maxConcurrent: 2 });
    const running = [1, 2].map(() => failureOf(worker.call('sleep', { ms: 60_000 })));
    const order: string[] = [];
    const waiting = ['a', 'b', 'c'].map((text) =>
      worker.call('echo', { text }).then((result) => order.push(result.text)),
    );
    await untilRunning(worker, 2);
    process.kill(worker.status().pid, 'SIGKILL');
    for (const call of running) expect((await call).reason).toBe('WorkerCrashed');
    await Promise.all(waiting);
    expect(order).toEqual(['a', 'b', 'c']);
  });

  test('three kills in a row without a success quarantine the worker, which says why', async () => {
    const worker = open();
    for (let kill = 1; kill <= 3; kill += 1) {
      const call = failureOf(worker.call('sleep', { ms: 60_000 }, { app: 'a' }));
      await untilRunning(worker);
      const waiting =
        kill === 3 ? failureOf(worker.call('echo', { text: '' }, { app: 'b' })) : undefined;
      process.kill(worker.status().pid, 'SIGKILL');
      expect((await call).reason).toBe('WorkerCrashed');
      if (waiting) expect((await waiting).reason).toBe('Unavailable');
    }
    expect(await failureOf(worker.call('echo', { text: '' }, { app: 'c' }))).toMatchObject({
      reason: 'Unavailable',
      retryable: true,
      details: { cause: 'crash-loop', crashes: 3, retryAfterMs: expect.any(Number) as number },
    });
    expect(worker.status()).toMatchObject({
      state: 'quarantined',
      quarantine: {
        crashes: 3,
        reason: expect.stringMatching(/crashed several times.*\.$/) as string,
      },
    });
  });

  test('an app whose calls crash it is refused alone', async () => {
    const worker = open({}, { backOff: { ...BACK_OFF, maxDelayMs: 100 } });
    for (let crash = 1; crash <= 3; crash += 1)
      await failureOf(worker.call('crash', {}, { app: 'evil' }));
    expect((await failureOf(worker.call('crash', {}, { app: 'evil' }))).reason).toBe('Unavailable');
    expect(await worker.call('echo', { text: 'a' }, { app: 'good' })).toEqual({ text: 'a' });
    expect((await failureOf(worker.call('crash', {}, { app: 'evil' }))).reason).toBe('Unavailable');
  });

  test('kills at random under load end in no quarantine for apps whose calls succeed', async () => {
    const worker = open({ maxConcurrent: 4, maxOvercommit: 2, maxQueued: 64 });
    const reasons = new Set<string>();
    let [served, kills] = [0, 0];
    const work = async (app: string): Promise<void> => {
      while (kills < 4) {
        const call = worker.call('sleep', { ms: 20 }, { app });
        await call.then(
          () => (served += 1),
          (error: unknown) => reasons.add(error instanceof RpcError ? error.reason : 'bug'),
        );
      }
    };
    const kill = async (): Promise<void> => {
      while (kills < 4) {
        const before = served;
        await expect.poll(() => served).toBeGreaterThan(before + 40);
        process.kill(worker.status().pid, 'SIGKILL');
        kills += 1;
      }
    };
    await Promise.all([kill(), ...['a', 'b', 'c', 'd', 'e', 'f'].map(work)]);
    expect([...reasons]).toEqual(['WorkerCrashed']);
    expect(await worker.call('echo', { text: 'a' })).toEqual({ text: 'a' });
    expect(worker.status()).toMatchObject({ running: 0, queued: 0 });
  });

  test('crashes during start end in Unavailable', async () => {
    const worker = open({ start: { load: 'crash' } });
    for (let crash = 1; crash <= 3; crash += 1) {
      expect((await failureOf(worker.call('echo', { text: '' }))).reason).toBe('WorkerCrashed');
    }
    expect((await failureOf(worker.call('echo', { text: '' }))).reason).toBe('Unavailable');
  });

  test('an engine that refuses to load answers its own error', async () => {
    const worker = open({ start: { load: 'refuse' } });
    const error = await failureOf(worker.call('echo', { text: '' }));
    expect((await failureOf(worker.prepare('echo'))).reason).toBe(error.reason);
    expect(error).toMatchObject({
      reason: 'UnsupportedMedia',
      message: 'The model is not a model.',
    });
  });

  test('an engine that never gets ready answers Timeout and is gone', async () => {
    const pids: number[] = [];
    const worker = open(
      { start: { load: 'never' }, startTimeoutMs: 1500 },
      { onExit: ({ pid }) => pids.push(pid) },
    );
    expect((await failureOf(worker.call('echo', { text: '' }))).reason).toBe('Timeout');
    expect(pids.map(isProcessRunning)).toEqual([false]);
  });

  test('a program that does not exist answers WorkerCrashed', async () => {
    const worker = open({}, { entry: new URL('../../fakes/absent.ts', import.meta.url) });
    expect((await failureOf(worker.call('echo', { text: '' }))).reason).toBe('WorkerCrashed');
  });

  test('a worker that can not seal itself answers Unavailable and loads nothing', async () => {
    const error = await failureOf(open({}, { entry: UNSEALED }).call('echo', { text: '' }));
    expect(error).toMatchObject({
      reason: 'Unavailable',
      retryable: false,
      details: { cause: 'confinement' },
    });
  });

  test('nothing of a call is ever logged', () => {
    expect(JSON.stringify(logged)).not.toContain('canary-string');
    expect(logged.length).toBeGreaterThan(0);
  });
});

describe('end', () => {
  test('an idle process ends, and the next call starts another', async () => {
    const worker = open({ idleMs: 100 });
    await worker.call('echo', { text: '' });
    const { pid } = worker.status();
    await expect.poll(() => worker.status()).toMatchObject({ state: 'stopped', pid: 0 });
    await expect.poll(() => isProcessRunning(pid)).toBe(false);
    expect(await worker.call('echo', { text: 'a' })).toEqual({ text: 'a' });
  });

  test('close ends the process and answers its calls Unavailable', async () => {
    const worker = open();
    const call = failureOf(worker.call('sleep', { ms: 60_000 }));
    await untilRunning(worker);
    const { pid } = worker.status();
    await worker.close();
    expect((await call).reason).toBe('Unavailable');
    expect(isProcessRunning(pid)).toBe(false);
    expect((await failureOf(worker.call('echo', { text: '' }))).reason).toBe('Unavailable');
  });

  test('close ends even a process that is deaf', async () => {
    const worker = open();
    const call = failureOf(worker.call('spin', { ms: 60_000 }));
    await untilRunning(worker);
    const { pid } = worker.status();
    await worker.close();
    await call;
    expect(isProcessRunning(pid)).toBe(false);
  });

  test.each(['normally', 'never'] as const)(
    'a worker dies with its daemon, loading %s',
    async (load) => {
      const parent = fork(PARENT, [load], {
        execArgv: ['--conditions=locara-source'],
      });
      const [{ pid }] = (await once(parent, 'message')) as [{ readonly pid: number }];
      expect(isProcessRunning(pid)).toBe(true);
      parent.kill('SIGKILL');
      await expect.poll(() => isRunning(pid)).toBe(false);
    },
  );

  test('an idle worker does not keep the daemon alive', async () => {
    const parent = fork(PARENT, ['leave'], {
      execArgv: ['--conditions=locara-source'],
    });
    expect(await once(parent, 'exit')).toEqual([0, null]);
  });
});

describe('confinement', () => {
  test('a worker gets no environment of the daemon, no open files, and the root as its folder', async () => {
    const { variables, cwd, fds } = await open().call('environment', {});
    const home = process.platform === 'darwin' ? [] : ['HOME'];
    expect(variables.toSorted()).toEqual([...home, 'LANG', 'PATH', 'TMPDIR']);
    expect(cwd).toBe('/');
    const inherited = fds.filter((fd) => !/^[012] |anon_inode|pipe:|null$|gone$/.test(fd));
    expect(inherited).toEqual([expect.stringMatching(/^3 socket:/)]);
  });
});
