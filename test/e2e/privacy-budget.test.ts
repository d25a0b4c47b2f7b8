import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PrivacyView } from '@locara/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawnCli } from '../support/cli-process.ts';
import { openControlWire } from '../support/control-wire.ts';
import { createHome, type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { openSession, type RawCredentials } from '../support/raw-client.ts';
import { readBudget, type ShownBudget } from '../support/read-budget.ts';
import { readFilesUnder } from '../support/written-files.ts';

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

const get = (params: object) => readBudget(daemon, credentials, params);

const locara = (...argv: readonly string[]) => spawnCli(argv, { LOCARA_HOME: home }).ended;

/** Everything that the daemon wrote which is not the ledger itself. */
function writtenText(): string {
  return readFilesUnder(home)
    .map(({ bytes }) => bytes.toString('latin1'))
    .join('\n');
}

describe('charging', () => {
  test('fits ten times 1.0 into 10.0, also over several connections at once', async () => {
    const wires = await Promise.all([
      openSession(daemon.appSocket, credentials),
      openSession(daemon.appSocket, credentials),
      openSession(daemon.appSocket, credentials),
    ]);
    const [first] = wires;
    await first.call('privacy.budget.create', { budget: 'shared' });
    const answers = await Promise.all(
      wires.flatMap((wire) =>
        Array.from({ length: 8 }, () =>
          wire.call('privacy.budget.charge', { budget: 'shared', epsilon: 1 }),
        ),
      ),
    );
    expect(answers.filter(({ result }) => result !== undefined)).toHaveLength(10);
    const refused = answers.flatMap(({ error }) => (error === undefined ? [] : [error]));
    expect(refused.every(({ data }) => data.reason === 'QuotaExceeded')).toBe(true);
    expect(refused[0]?.data.details).toMatchObject({ rule: 'privacy_budget', isExhausted: true });
    expect(await get({ budget: 'shared' })).toMatchObject({
      charges: 10,
      isExhausted: true,
      spent: { epsilon: 10, rho: 5 },
    });
    for (const wire of wires) wire.end();
  });

  test.each([
    { epsilon: 0 },
    { epsilon: -1 },
    { epsilon: 'NaN' },
    { rho: 0 },
    { rho: -0.1 },
    { rho: 1, epsilon: 1 },
    {},
    { epsilon: 1, records: 0 },
    { epsilon: 1, records: 1.5 },
    { epsilon: null },
  ])('refuses %j', async (cost) => {
    const wire = await openSession(daemon.appSocket, credentials);
    const { error } = await wire.call('privacy.budget.charge', { budget: 'shared', ...cost });
    expect(error?.data.reason).toBe('InvalidParams');
    wire.end();
  });

  test('an infinite or huge number of the wire is refused as well', async () => {
    const wire = await openSession(daemon.appSocket, credentials);
    for (const number of ['1e999', '-1e999', '1e18']) {
      wire.sendRaw(
        `{"jsonrpc":"2.0","id":"${number}","method":"privacy.budget.charge","params":{"rho":${number}}}\n`,
      );
      const { error } = await wire.next(({ id }) => id === number);
      expect(error?.data.reason).toBe('InvalidParams');
    }
    wire.end();
  });

  test('is in the audit log as numbers, for the app too', async () => {
    const wire = await openSession(daemon.appSocket, credentials);
    await wire.call('privacy.budget.charge', { rho: 0.035921, records: 2 });
    const { result } = await wire.call('audit.capabilityLog', { effects: true });
    expect((result?.['effects'] as object[])[0]).toMatchObject({
      event: 'privacy.noised',
      method: 'privacy.budget.charge',
      counts: { microRho: 5_071_842, records: 12 },
    });
    wire.end();
    const { stdout } = await locara('audit', 'show', '--limit', '20');
    expect(stdout).toMatch(/privacy\.noised.*microRho=5071842/);
  });
});

describe('kill -9', () => {
  // Eight starts of the daemon, on a machine that others load.
  test('loses no acknowledged charge, and counts none that was not made', async () => {
    let acknowledged = 0;
    let asked = 0;
    for (let round = 0; round < 8; round += 1) {
      const wires = await Promise.all([
        openSession(daemon.appSocket, credentials),
        openSession(daemon.appSocket, credentials),
      ]);
      const enough = acknowledged + 40 + 97 * round;
      const { promise: isEnough, resolve: tellEnough } = Promise.withResolvers<undefined>();
      let isKilled = false;
      const busy = wires.flatMap((wire) =>
        Array.from({ length: 20 }, async () => {
          while (!isKilled) {
            asked += 1;
            const params = { subject: `s${round % 3}`, rho: 0.001 };
            const { result } = await wire.call('privacy.budget.charge', params);
            if (result === undefined) {
              // A refusal while the daemon lives would make this wait for ever.
              tellEnough(undefined);
              return;
            }
            acknowledged += 1;
            if (acknowledged === enough) tellEnough(undefined);
          }
        }),
      );
      await isEnough;
      expect(acknowledged).toBeGreaterThanOrEqual(enough);
      const exited = once(daemon.child, 'exit');
      daemon.child.kill('SIGKILL');
      await exited;
      isKilled = true;
      await Promise.all(busy);
      daemon = await startDaemonProcess({ home });
      const wire = await openSession(daemon.appSocket, credentials);
      const { result } = await wire.call('privacy.budget.list', {});
      const states = (result?.['budgets'] as ShownBudget[]).filter(({ subject }) =>
        /^s\d$/.test(subject ?? ''),
      );
      const charges = states.reduce((sum, state) => sum + state.charges, 0);
      expect(charges).toBeGreaterThanOrEqual(acknowledged);
      expect(charges).toBeLessThanOrEqual(asked);
      const rho = states.reduce((sum, { spent }) => sum + Math.round(spent.rho * 1e6), 0);
      expect(rho).toBe(1000 * charges);
      // What was charged and never answered is known to be so from here on.
      acknowledged = charges;
      asked = charges;
      wire.end();
    }
    expect(await get({ budget: 'shared' })).toMatchObject({ charges: 10, isExhausted: true });
  }, 300_000);
});

describe('the user', () => {
  const canary = 'canary-Ada-Lovelace';

  test('sees what is spent, and begins one allowance anew', async () => {
    const wire = await openSession(daemon.appSocket, credentials);
    await wire.call('privacy.budget.create', { budget: 'canary-diary', maxEpsilon: 2 });
    const params = { budget: 'canary-diary', subject: canary, epsilon: 1, records: 2 };
    expect((await wire.call('privacy.budget.charge', params)).error).toBeUndefined();
    expect((await wire.call('privacy.budget.charge', params)).error?.data.reason).toBe(
      'QuotaExceeded',
    );
    // What holds a session may not speak for the user, nor what it starts.
    wire.end();
    const { appId } = credentials;
    const shown = await locara('privacy', 'budgets', appId);
    expect(shown.stdout).toMatch(/canary-diary +canary-Ada-Lovelace +2 +nothing +2/);
    const { budgets } = JSON.parse(
      (await locara('privacy', 'budgets', appId, '--json')).stdout,
    ) as {
      budgets: ShownBudget[];
    };
    expect(budgets.find(({ subject }) => subject === canary)).toMatchObject({ charges: 2 });

    const { privacy } = JSON.parse((await locara('app', 'show', appId, '--json')).stdout) as {
      privacy: PrivacyView;
    };
    expect(privacy).toMatchObject({ databases: [], problems: [] });
    expect(privacy.allowances).toBeGreaterThanOrEqual(budgets.length);
    expect(privacy.exhausted).toBe(budgets.filter(({ isExhausted }) => isExhausted).length);

    const unasked = await locara('privacy', 'reset', appId, 'canary-diary');
    expect(unasked).toMatchObject({ exitCode: 3 });
    expect(unasked.stderr).toContain('stays known');
    const done = await locara(
      ...['privacy', 'reset', appId, 'canary-diary', '--subject', canary, '--yes', '--json'],
    );
    expect(JSON.parse(done.stdout)).toEqual({ reset: 1 });
    expect(await get({ budget: 'canary-diary', subject: canary })).toMatchObject({ charges: 0 });
    const audited = (await locara('audit', 'show', '--app', appId, '--limit', '5')).stdout;
    expect(audited).toMatch(/privacy\.budgetReset.*allowances=1 scope=subject/);
    expect(audited).toMatch(/decision\.asked.*method=privacy\.resetBudget/);
  });

  test('finds no name of a budget or a subject in any file', () => {
    expect(writtenText()).not.toContain('canary');
  });

  test('is told what does not exist', async () => {
    expect(await locara('privacy', 'budgets', 'acme/none')).toMatchObject({ exitCode: 1 });
    const missing = await locara('privacy', 'reset', credentials.appId, 'none', '--yes');
    expect(missing).toMatchObject({ exitCode: 1 });
    expect(await locara('privacy', 'reset', credentials.appId)).toMatchObject({ exitCode: 2 });
  });

  test('wipes all of it with the app', async () => {
    const control = await openControlWire(daemon.controlSocket);
    await control.call('app.uninstall', { appId: credentials.appId, wipe: true });
    control.end();
    expect(existsSync(join(home, 'data/privacy', credentials.appId))).toBe(false);
    expect(existsSync(join(home, 'data/keys/privacy', `${credentials.appId}.key`))).toBe(false);
    expect(await locara('privacy', 'budgets', credentials.appId)).toMatchObject({ exitCode: 1 });
  });
});
