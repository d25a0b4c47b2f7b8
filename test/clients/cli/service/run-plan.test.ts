import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand, runPlan } from '../../../../clients/cli/service/run-plan.ts';
import type { RunStep, ServiceStep } from '../../../../clients/cli/service/service-plan.ts';

function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'locara-plan-'));
}

function runSteps(steps: readonly ServiceStep[]): Promise<void> {
  return runPlan({ platform: 'linux', verb: 'install', steps });
}

function run(argv: RunStep['argv'], over: Partial<RunStep> = {}): RunStep {
  return { kind: 'run', argv, mayFail: false, attempts: 1, ...over };
}

test('writes files whole, with their mode, over whatever is there', async () => {
  const folder = makeFolder();
  const elsewhere = join(folder, 'elsewhere');
  const path = join(folder, 'unit');
  writeFileSync(elsewhere, 'untouched');
  symlinkSync(elsewhere, path);
  await runSteps([{ kind: 'writeFile', path, mode: 0o640, content: 'new' }]);
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(lstatSync(path).mode & 0o7777).toBe(0o640);
  expect(readFileSync(elsewhere, 'utf8')).toBe('untouched');
  expect(readdirSync(folder).sort()).toEqual(['elsewhere', 'unit']);
});

test('runs twice with the same end', async () => {
  const folder = join(makeFolder(), 'a', 'b');
  const steps: ServiceStep[] = [
    { kind: 'makeFolder', path: folder, mode: 0o700 },
    { kind: 'writeFile', path: join(folder, 'unit'), mode: 0o644, content: 'x' },
    run(['true']),
  ];
  await runSteps(steps);
  await runSteps(steps);
  expect(lstatSync(folder).mode & 0o777).toBe(0o700);
  expect(readdirSync(folder)).toEqual(['unit']);
});

test('names the exact command that failed and stops there', async () => {
  const marker = join(makeFolder(), 'marker');
  const failing = run(['sh', '-c', 'echo "no such unit" >&2; exit 5']);
  await expect(runSteps([failing, run(['touch', marker])])).rejects.toMatchObject({
    reason: 'CommandFailed',
    message: `\`sh -c 'echo "no such unit" >&2; exit 5'\` ended with 5: no such unit`,
  });
  expect(existsSync(marker)).toBe(false);
});

test('goes on after a step that may fail', async () => {
  const marker = join(makeFolder(), 'marker');
  await runSteps([run(['false'], { mayFail: true }), run(['touch', marker])]);
  expect(existsSync(marker)).toBe(true);
});

test('tries again as often as the step says', async () => {
  const marker = join(makeFolder(), 'marker');
  const secondTime = 'test -e "$0" || { touch "$0"; exit 37; }';
  await runSteps([run(['sh', '-c', secondTime, marker], { attempts: 2 })]);
  expect(existsSync(marker)).toBe(true);
});

test('hands arguments over as they are, without a shell', async () => {
  const outcome = await runCommand(['echo', '$(id); `id` & "x"']);
  expect(outcome).toMatchObject({ exitCode: 0, stdout: '$(id); `id` & "x"\n' });
});

test('a missing program is an outcome that says so', async () => {
  const outcome = await runCommand(['locara-no-such-program']);
  expect(outcome.exitCode).toBeUndefined();
  // EACCES where a folder of the PATH may not be entered.
  expect(outcome.stderr).toMatch(/ENOENT|EACCES/);
});
