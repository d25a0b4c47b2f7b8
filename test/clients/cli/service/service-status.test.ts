import { expect, test } from 'vitest';
import { parseServiceStatus } from '../../../../clients/cli/service/service-status.ts';

function answer(stdout: string, exitCode = 0) {
  return { exitCode, stdout, stderr: '' };
}

test('reads a running systemd unit', () => {
  const text = 'MainPID=812\nExecMainStatus=0\nLoadState=loaded\nActiveState=active\n';
  expect(parseServiceStatus('linux', answer(text))).toEqual({
    platform: 'linux',
    installed: true,
    state: 'active',
    pid: 812,
    lastExitCode: 0,
  });
});

test('reads the absence of a systemd unit, which is no failure of systemctl', () => {
  const text = 'MainPID=0\nExecMainStatus=0\nLoadState=not-found\nActiveState=inactive\n';
  expect(parseServiceStatus('linux', answer(text))).toEqual({
    platform: 'linux',
    installed: false,
    state: 'absent',
  });
});

test('reads a running launchd job', () => {
  const text = [
    'gui/501/app.locara.locarad = {',
    '\tactive count = 1',
    '\tstate = running',
    '\tpid = 4711',
    '\tlast exit code = (never exited)',
    '}',
  ].join('\n');
  expect(parseServiceStatus('darwin', answer(text))).toEqual({
    platform: 'darwin',
    installed: true,
    state: 'running',
    pid: 4711,
  });
});

test.each([
  ['1', 1],
  ['78: EX_CONFIG', 78],
  ['(never exited)', undefined],
])('reads how a launchd job ended: %s', (text, lastExitCode) => {
  const lines = ['\tstate = not running', `\tlast exit code = ${text}`, '\t\tstate = active'];
  expect(parseServiceStatus('darwin', answer(lines.join('\n')))).toEqual({
    platform: 'darwin',
    installed: true,
    state: 'not running',
    ...(lastExitCode === undefined ? {} : { lastExitCode }),
  });
});

test('reads a job that launchd does not know', () => {
  expect(parseServiceStatus('darwin', answer('', 113))).toEqual({
    platform: 'darwin',
    installed: false,
    state: 'absent',
  });
});
