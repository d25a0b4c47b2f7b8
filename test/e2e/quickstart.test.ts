import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type CliProcess, spawnCli } from '../support/cli-process.ts';
import { descendantsOf, isRunning, type ProcessRow } from '../support/process-tree.ts';

// Each run starts eight processes and reads a page: slow where cores are few and busy.
vi.setConfig({ testTimeout: 240_000 });

const PROMISED = [
  'daemon',
  'authenticate',
  'chat',
  'embed',
  'transcribe',
  'ocr',
  'store',
  'search',
  'redact',
  'vault',
  'denied',
  'forged',
];

interface Step {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly detail: string;
}

interface Report {
  readonly ok: boolean;
  readonly steps: readonly Step[];
  readonly error?: { readonly reason: string; readonly message: string };
}

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'locara-q-'));
});

afterEach(() => {
  // Throws when something that was left running still writes.
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** The quickstart with its temporary home under `folder`, and all that it starts. */
function quickstart(...argv: readonly string[]): CliProcess {
  return spawnCli(['quickstart', ...argv], { TMPDIR: folder });
}

function parseReport(stdout: string): Report {
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  return JSON.parse(stdout) as Report;
}

/** The first process below the quickstart whose command line matches. */
async function findProcess({ child }: CliProcess, command: RegExp): Promise<ProcessRow> {
  while (child.exitCode === null) {
    const found = descendantsOf(child.pid ?? 0).find((row) => command.test(row.command));
    if (found !== undefined) return found;
    await sleep(20);
  }
  throw new Error('the quickstart ended before that process was there');
}

async function whenGone(pids: readonly number[]): Promise<void> {
  await expect.poll(() => pids.filter(isRunning)).toEqual([]);
}

test('shows every part working, as one JSON document, and leaves nothing behind', async () => {
  const { exitCode, stdout, stderr } = await quickstart('--json').ended;
  const { ok, steps } = parseReport(stdout);
  expect({ ok, exitCode, stderr }).toEqual({ ok: true, exitCode: 0, stderr: '' });
  expect(steps.map(({ name }) => name)).toEqual(expect.arrayContaining(PROMISED));
  for (const step of steps) {
    expect(step).toEqual({
      name: step.name,
      ok: true,
      ms: expect.any(Number) as number,
      detail: expect.stringMatching(/./) as string,
    });
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('tells a person each step as it goes, and keeps the home it was given', async () => {
  const home = join(folder, 'my home');
  const first = await quickstart('--home', home).ended;
  expect(first.exitCode).toBe(0);
  expect(first.stdout).toMatch(/^\d+ of \d+ steps done in [\d.]+ s\.\n$/);
  for (const name of PROMISED) expect(first.stderr).toMatch(new RegExp(`^✓ ${name} `, 'm'));
  expect(readdirSync(home)).toEqual(expect.arrayContaining(['data', 'logs', 'run']));
  const second = await quickstart('--home', home).ended;
  expect(second).toMatchObject({ exitCode: 0 });
});

describe('goes on when a worker is killed:', () => {
  test.each(['llm', 'speech', 'ocr', 'store'])('%s', async (kind) => {
    const run = quickstart('--json');
    const worker = await findProcess(run, new RegExp(`workers/${kind}/main`));
    process.kill(worker.pid, 'SIGKILL');
    const { exitCode, stdout } = await run.ended;
    expect(parseReport(stdout)).toMatchObject({ ok: true });
    expect(exitCode).toBe(0);
  });
});

test('says so when the sample app is killed', async () => {
  const run = quickstart('--json');
  const app = await findProcess(run, /sample-app-main/);
  process.kill(app.pid, 'SIGKILL');
  const { exitCode, stdout } = await run.ended;
  const { ok, error, steps } = parseReport(stdout);
  expect({ ok, exitCode, reason: error?.reason }).toEqual({
    ok: false,
    exitCode: 1,
    reason: 'QuickstartFailed',
  });
  expect(steps.find(({ name }) => name === 'search')?.detail).toContain('signal SIGKILL');
  expect(readdirSync(folder)).toEqual([]);
});

test('ends at once when the daemon is killed, and says so', async () => {
  const run = quickstart('--json');
  await findProcess(run, /workers\/llm\/main/);
  const daemon = await findProcess(run, /locarad\.js/);
  const below = descendantsOf(daemon.pid).map(({ pid }) => pid);
  process.kill(daemon.pid, 'SIGKILL');
  const killedAt = performance.now();
  const { exitCode, stdout } = await run.ended;
  expect(performance.now() - killedAt).toBeLessThan(20_000);
  const { ok, steps } = parseReport(stdout);
  expect({ ok, exitCode }).toEqual({ ok: false, exitCode: 1 });
  const forged = steps.find(({ name }) => name === 'forged');
  expect(forged?.detail).toBe('the daemon ended with signal SIGKILL');
  await whenGone(below);
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('stops all it started on %s', async (signal, code) => {
  const run = quickstart('--json');
  await findProcess(run, /workers\/llm\/main/);
  const below = descendantsOf(run.child.pid ?? 0).map(({ pid }) => pid);
  expect(below.length).toBeGreaterThanOrEqual(3);
  run.child.kill(signal);
  const { exitCode, stdout } = await run.ended;
  expect(parseReport(stdout)).toMatchObject({ ok: false, error: { reason: 'Interrupted' } });
  expect(exitCode).toBe(code);
  await whenGone(below);
  expect(readdirSync(folder)).toEqual([]);
});

test('leaves nothing running when it is killed itself', async () => {
  const run = quickstart('--json');
  await findProcess(run, /workers\/llm\/main/);
  const below = descendantsOf(run.child.pid ?? 0).map(({ pid }) => pid);
  run.child.kill('SIGKILL');
  await whenGone(below);
});

test('cleans up although nobody reads what it says', async () => {
  const run = quickstart();
  run.child.stderr?.destroy();
  const { exitCode } = await run.ended;
  expect(exitCode).toBe(0);
  expect(readdirSync(folder)).toEqual([]);
});

test('says how long the path of the home may be', async () => {
  const { exitCode, stdout } = await quickstart('--json', '--home', join(folder, 'x'.repeat(90)))
    .ended;
  const { steps } = parseReport(stdout);
  expect(exitCode).toBe(1);
  expect(steps[0]).toMatchObject({ name: 'daemon', ok: false });
  expect(steps[0]?.detail).toMatch(
    /\d+ bytes long, the limit is 103: choose a shorter home folder/,
  );
});
