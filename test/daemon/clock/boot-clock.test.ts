import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createBootClock } from '../../../daemon/clock/boot-clock.ts';
import { parseBootSession, ticksToMs } from '../../../daemon/clock/platform/darwin.ts';
import { parseBootId, parseUptime } from '../../../daemon/clock/platform/linux.ts';

const CLOCK = join(import.meta.dirname, '../../../daemon/clock/boot-clock.ts');
const EIGHT_DAYS_S = 8 * 24 * 60 * 60;

describe.runIf(process.platform === 'linux')('the boot clock of this machine', () => {
  test('moves forward within one boot', () => {
    const clock = createBootClock();
    const first = clock.read();
    const second = clock.read();
    expect(first?.bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(second?.bootId).toBe(first?.bootId);
    expect(second?.elapsedMs).toBeGreaterThanOrEqual(first?.elapsedMs ?? Infinity);
  });

  test('is that of the kernel: a time namespace that is eight days ahead shows', ({ skip }) => {
    const ahead = ['--time', '--fork', `--boottime=${EIGHT_DAYS_S}`];
    const canAhead = spawnSync('unshare', [...ahead, 'true']).status === 0;
    skip(!canAhead, 'this machine does not allow time namespaces');
    const script = `const { createBootClock } = await import(${JSON.stringify(CLOCK)});
      process.stdout.write(String(createBootClock().read()?.elapsedMs));`;
    const node = [process.execPath, '--conditions=locara-source', '--input-type=module', '-e'];
    const output = execFileSync('unshare', [...ahead, ...node, script], { encoding: 'utf8' });
    const hereMs = createBootClock().read()?.elapsedMs ?? 0;
    const aheadMs = Number(output) - hereMs;
    expect(Math.abs(aheadMs - EIGHT_DAYS_S * 1000)).toBeLessThan(60_000);
  });
});

test('a platform without such a clock has no reading, and does not stop the daemon', () => {
  expect(createBootClock('win32').read()).toBeUndefined();
});

test.runIf(process.platform === 'linux')('a clock that cannot be bound has no reading', () => {
  expect(createBootClock('darwin').read()).toBeUndefined();
});

test('the time since the boot is whole milliseconds', () => {
  expect(parseUptime('711992.34 10324.37\n')).toBe(711_992_340);
  for (const text of ['', 'soon', '-1.00 2', '1e9 2', '12.3 4', '99999999999.00 1']) {
    expect(() => parseUptime(text)).toThrow('does not tell');
  }
});

test.each(['', 'x', '../etc/passwd', 'F3B6FE14-C5EF-47F6-9E15-C8B557F90508'])(
  'the kernel of Linux does not call a boot %j',
  (text) => {
    expect(() => parseBootId(text)).toThrow('does not name this boot');
  },
);

test('a boot of Linux is named by the line of its file', () => {
  const bootId = 'f3b6fe14-c5ef-47f6-9e15-c8b557f90508';
  expect(parseBootId(`${bootId}\n`)).toBe(bootId);
});

test('a boot of macOS is named up to the NUL, and by nothing but a UUID', () => {
  const bootId = 'F3B6FE14-C5EF-47F6-9E15-C8B557F90508';
  expect(parseBootSession(Buffer.from(`${bootId}\0`))).toBe(bootId);
  for (const text of ['', '\0', 'x\0', `${bootId}x\0`]) {
    expect(() => parseBootSession(Buffer.from(text))).toThrow('does not name this boot');
  }
});

test('ticks of macOS are scaled without losing any to rounding', () => {
  // Apple silicon: 125/3 nanoseconds a tick.
  const day = 24n * 60n * 60n * 24_000_000n;
  expect(ticksToMs(day * 400n, Uint32Array.of(125, 3))).toBe(400 * 24 * 60 * 60 * 1000);
  expect(() => ticksToMs(1n, Uint32Array.of(1, 0))).toThrow('tick');
});
