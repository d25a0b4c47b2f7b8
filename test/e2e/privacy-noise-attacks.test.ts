import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHome, type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { descendantsOf } from '../support/process-tree.ts';
import { openSession, type RawCredentials } from '../support/raw-client.ts';
import { readBudget } from '../support/read-budget.ts';

const RECORDS = 3;
const VECTORS = Array.from({ length: RECORDS }, (_, at) => [1, at, 0.5]);
const RELEASE = { vectors: VECTORS, epsilon: 0.5, acceptUselessUtility: true };

let home: string;
let daemon: DaemonProcess;
let credentials: RawCredentials;

beforeAll(async () => {
  home = createHome();
  daemon = await startDaemonProcess({ home });
  credentials = await installSample(daemon.controlSocket);
});
afterAll(async () => {
  await daemon.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

const stateOf = (params: object) => readBudget(daemon, credentials, params);

async function createBudget(budget: string, maxEpsilon: number): Promise<void> {
  const wire = await openSession(daemon.appSocket, credentials);
  const { error } = await wire.call('privacy.budget.create', { budget, maxEpsilon });
  expect(error).toBeUndefined();
  wire.end();
}

describe('kill -9 under releases over several connections', () => {
  test('leaves no noise that was handed out uncharged, and hands out no more than fits', async () => {
    const budget = 'crashing';
    await createBudget(budget, 4);
    let released = 0;
    let asked = 0;
    for (let round = 0; round < 4; round += 1) {
      const wires = await Promise.all([
        openSession(daemon.appSocket, credentials),
        openSession(daemon.appSocket, credentials),
        openSession(daemon.appSocket, credentials),
      ]);
      const enough = released + RECORDS * (2 + 5 * round);
      const { promise: isEnough, resolve: tellEnough } = Promise.withResolvers<undefined>();
      const busy = wires.flatMap((wire) =>
        Array.from({ length: 2 }, async () => {
          for (;;) {
            asked += RECORDS;
            const { result } = await wire.call('privacy.noise', { ...RELEASE, budget });
            if (result === undefined) break;
            released += RECORDS;
            if (released >= enough) tellEnough(undefined);
          }
          tellEnough(undefined);
        }),
      );
      await isEnough;
      const exited = once(daemon.child, 'exit');
      daemon.child.kill('SIGKILL');
      await exited;
      await Promise.all(busy);
      daemon = await startDaemonProcess({ home });
      const { charges } = await stateOf({ budget });
      expect(charges).toBeGreaterThanOrEqual(released);
      expect(charges).toBeLessThanOrEqual(asked);
    }
    const wires = await Promise.all([
      openSession(daemon.appSocket, credentials),
      openSession(daemon.appSocket, credentials),
    ]);
    await Promise.all(
      wires.map(async (wire) => {
        for (;;) {
          const { result, error } = await wire.call('privacy.noise', { ...RELEASE, budget });
          if (result === undefined) {
            expect(error?.data).toMatchObject({ details: { rule: 'privacy_budget' } });
            break;
          }
          released += RECORDS;
        }
      }),
    );
    const { charges, spent } = await stateOf({ budget });
    expect(released).toBeLessThanOrEqual(charges);
    expect(spent.epsilon).toBeLessThanOrEqual(4);
    // One more call would not have fitted: nothing that was charged is forgotten.
    expect(spent.epsilon * (1 + RECORDS / charges)).toBeGreaterThan(4);
    for (const wire of wires) wire.end();
    // Five starts of the daemon, on a machine that others load.
  }, 300_000);
});

describe('a worker that fails after the charge', () => {
  test.each(['SIGSTOP', 'SIGKILL'] as const)('by %s leaves it charged', async (signal) => {
    const budget = `worker-${signal}`;
    await createBudget(budget, 100);
    const wire = await openSession(daemon.appSocket, credentials);
    await wire.call('privacy.noise', { ...RELEASE, budget });
    const workers = descendantsOf(daemon.pid).filter(({ command }) => command.includes('privacy'));
    expect(workers.length).toBeGreaterThan(0);
    const large = {
      ...RELEASE,
      vectors: [Array<number>(8192).fill(0.1)],
      budget,
      encoding: 'f32',
    };
    for (const { pid } of workers) process.kill(pid, 'SIGSTOP');
    const answer = wire.call('privacy.noise', large, 'late');
    await expect.poll(async () => (await stateOf({ budget })).charges).toBe(RECORDS + 1);
    if (signal === 'SIGKILL') for (const { pid } of workers) process.kill(pid, 'SIGKILL');
    else wire.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: 'late' } });
    const { error } = await answer;
    if (signal === 'SIGSTOP') expect(error?.data.reason).toBe('Cancelled');
    expect((await stateOf({ budget })).charges).toBe(RECORDS + 1);
    const again = async () => (await wire.call('privacy.noise', { ...RELEASE, budget })).error;
    // What joins a worker that is being ended is told so, and may try again.
    await expect.poll(again).toBeUndefined();
    wire.end();
  });
});

describe('numbers and names that nobody ought to send', () => {
  const NUMBERS = ['1e999', '-1e999', 'NaN', '-1', '0', '-0', '1e308', '"1"', 'null', '[]', 'true'];
  const FIELDS = ['epsilon', 'delta', 'clip'] as const;

  test('are refused, and cost nothing', async () => {
    await createBudget('numbers', 100);
    const wire = await openSession(daemon.appSocket, credentials);
    for (const field of FIELDS) {
      for (const number of [...NUMBERS, ...(field === 'clip' ? ['5e-324'] : [])]) {
        const id = `${field} ${number}`;
        const rest = field === 'epsilon' ? '"delta":1e-5' : '"epsilon":1';
        const params = `{"vectors":[[1,2]],"acceptUselessUtility":true,"budget":"numbers",${rest},"${field}":${number}}`;
        const line = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"privacy.noise","params":${params}}\n`;
        if (number === 'NaN') continue;
        wire.sendRaw(line);
        const { error } = await wire.next((message) => message.id === id);
        expect([id, error?.data.reason]).toEqual([id, 'InvalidParams']);
      }
    }
    for (const epsilon of [5e-324, 1e-300, 9e-7]) {
      const { error } = await wire.call('privacy.count', { count: 1, epsilon, budget: 'numbers' });
      expect(error?.data.reason).toBe('InvalidParams');
    }
    for (const coordinate of ['1e999', '1e308', '1e-400', '5e-324']) {
      const params = `{"vectors":[[${coordinate}]],"acceptUselessUtility":true,"budget":"numbers"}`;
      wire.sendRaw(
        `{"jsonrpc":"2.0","id":"c${coordinate}","method":"privacy.noise","params":${params}}\n`,
      );
      const { error } = await wire.next(({ id }) => id === `c${coordinate}`);
      expect([coordinate, error?.data.reason]).toEqual([coordinate, 'InvalidParams']);
    }
    expect((await stateOf({ budget: 'numbers' })).charges).toBe(0);
    wire.end();
  });

  test('a budget of next to nothing answers at once, and takes nothing', async () => {
    const wire = await openSession(daemon.appSocket, credentials);
    for (const [at, [maxEpsilon, delta]] of (
      [
        [5e-324, 1e-300],
        [5e-324, 1 - Number.EPSILON / 2],
        [1e-6, 1e-300],
        [1000, 1e-300],
        [1000, 1 - Number.EPSILON / 2],
      ] as const
    ).entries()) {
      const params = { budget: `edge ${at}`, maxEpsilon, delta };
      const { error } = await wire.call('privacy.budget.create', params);
      expect(error).toBeUndefined();
    }
    const { error } = await wire.call('privacy.noise', { ...RELEASE, budget: 'edge 0' });
    expect(error?.data.reason).toBe('QuotaExceeded');
    wire.end();
  });

  test('subjects are each their own, whatever they look like', async () => {
    await createBudget('names', 1);
    const wire = await openSession(daemon.appSocket, credentials);
    const subjects = [
      '__proto__',
      'constructor',
      '\u0000',
      '"],["x',
      '../../etc',
      'é',
      'É',
      '\u202e',
      'a'.repeat(256),
      '😀'.repeat(128),
      '\n{"spend":1}',
    ];
    for (const subject of subjects) {
      const asked = { count: 1, epsilon: 1, budget: 'names', subject };
      expect((await wire.call('privacy.count', asked)).error).toBeUndefined();
      expect((await wire.call('privacy.count', asked)).error?.data.reason).toBe('QuotaExceeded');
    }
    for (const subject of ['', 'a'.repeat(257), 7, {}, null]) {
      const { error } = await wire.call('privacy.count', { count: 1, budget: 'names', subject });
      expect(error?.data.reason).toBe('InvalidParams');
    }
    wire.sendRaw(
      '{"jsonrpc":"2.0","id":"half","method":"privacy.count","params":{"count":1,"subject":"\\ud800"}}\n',
    );
    const { error } = await wire.next(({ id }) => id === 'half');
    expect(error).toBeDefined();
    wire.end();
  });

  test('more vectors than an answer or a message holds are refused before they cost anything', async () => {
    await createBudget('large', 100);
    const wire = await openSession(daemon.appSocket, credentials);
    const f32 = Buffer.from(new Float32Array(8192).fill(1).buffer).toString('base64');
    const vectors = Array.from({ length: 40 }, () => ({ f32 }));
    const params = { vectors, acceptUselessUtility: true, epsilon: 10, budget: 'large' };
    const { error } = await wire.call('privacy.noise', params);
    expect(error?.data.reason).toBe('PayloadTooLarge');
    // 2048 of 8192, 90 MB, are no message: the connection ends.
    const whole = { ...params, vectors: Array.from({ length: 2048 }, () => ({ f32 })) };
    expect((await wire.call('privacy.noise', whole)).result).toBeUndefined();
    expect((await stateOf({ budget: 'large' })).charges).toBe(0);
    wire.end();
  });
});
