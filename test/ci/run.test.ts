import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';

const RUN = join(import.meta.dirname, '../../.ci/run');

/** Runs `.ci/run` with an npm that leaves this report and ends with this code. */
function runCheck(report: unknown, exitCode: number) {
  const folder = mkdtempSync(join(tmpdir(), 'locara-ci-'));
  const text = report === undefined ? '' : JSON.stringify(report);
  writeFileSync(join(folder, 'report'), text);
  const npm = `#!/bin/sh\n[ "$1" = ci ] && exit 0\necho checking\ncat '${folder}/report' > "$LOCARA_TEST_REPORT"\nexit ${exitCode}\n`;
  writeFileSync(join(folder, 'npm'), npm, { mode: 0o755 });
  const path = [folder, process.env['PATH']].join(delimiter);
  const ended = spawnSync('bash', [RUN], { env: { ...process.env, PATH: path }, encoding: 'utf8' });
  return { status: ended.status, lines: ended.stdout.trimEnd().split('\n') };
}

const file = (status: string, tests: number) => ({
  status,
  assertionResults: Array.from({ length: tests }, () => ({ status })),
});

test('passes output through and ends with the counts', () => {
  const report = { numPassedTests: 7, numFailedTests: 0, testResults: [file('passed', 7)] };
  expect(runCheck(report, 0)).toEqual({ status: 0, lines: ['checking', '7 passed, 0 failed'] });
});

test('counts failed tests and files that could not be loaded', () => {
  const testResults = [file('failed', 3), file('failed', 0)];
  const report = { numPassedTests: 2, numFailedTests: 1, testResults };
  expect(runCheck(report, 1)).toEqual({ status: 1, lines: ['checking', '2 passed, 2 failed'] });
});

test('is one failure when the check ends before the tests', () => {
  expect(runCheck(undefined, 2)).toEqual({ status: 2, lines: ['checking', '0 passed, 1 failed'] });
});

test('never succeeds without a single test', () => {
  const report = { numPassedTests: 0, numFailedTests: 0, testResults: [] };
  expect(runCheck(report, 0)).toMatchObject({ status: 1 });
  expect(runCheck(undefined, 0)).toMatchObject({ status: 1 });
});

test('does not call a failed check clean', () => {
  const report = { numPassedTests: 7, numFailedTests: 0, testResults: [file('passed', 7)] };
  expect(runCheck(report, 1).lines.at(-1)).toBe('7 passed, 1 failed');
});
