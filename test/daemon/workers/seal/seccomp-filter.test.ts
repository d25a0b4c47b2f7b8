import { describe, expect, test } from 'vitest';
import { buildSeccompFilter } from '../../../../daemon/workers/seal/seccomp-filter.ts';
import { SYSCALLS, type SealArch } from '../../../../daemon/workers/seal/syscalls.ts';
import { ALLOW, ENOSYS, EPERM, judge, KILL } from '../../../support/judge-seccomp.ts';

const PID = 4711;
const READ = { x64: 0, arm64: 63 } as const;
const SENDMSG = { x64: 46, arm64: 211 } as const;
const CLONE_THREAD = 0x10000n;

describe.each(['x64', 'arm64'] as const)('the %s filter', (name: SealArch) => {
  const table = SYSCALLS[name];
  const final = buildSeccompFilter({ arch: name, pid: PID, stage: 'final' });
  const beforeExec = buildSeccompFilter({ arch: name, pid: PID, stage: 'before-exec' });
  const answer = (number: number, ...args: bigint[]): string =>
    judge(final, { arch: table.auditArch, number, args });

  test('kills a call made for another processor', () => {
    const other = SYSCALLS[name === 'x64' ? 'arm64' : 'x64'].auditArch;
    expect(judge(final, { arch: other, number: READ[name] })).toBe(KILL);
    expect(judge(final, { arch: 0x4000_0003, number: READ[name] })).toBe(KILL);
  });

  test.each(Object.entries({ ...table.denied, ...table.deniedAfterExec }))(
    'refuses %s',
    (_call, number) => {
      expect(answer(number)).toBe(EPERM);
    },
  );

  test('lets files, memory and the inherited channel work', () => {
    expect(answer(READ[name])).toBe(ALLOW);
    expect(answer(SENDMSG[name])).toBe(ALLOW);
  });

  test('lets threads start, not processes', () => {
    expect(answer(table.clone, CLONE_THREAD | 0x3d0f00n)).toBe(ALLOW);
    expect(answer(table.clone, 17n)).toBe(EPERM);
    expect(answer(435)).toBe(ENOSYS);
  });

  test('lets the process signal its own threads only', () => {
    expect(answer(table.tgkill, BigInt(PID))).toBe(ALLOW);
    expect(answer(table.tgkill, 1n)).toBe(EPERM);
  });

  test('refuses to type into a terminal, whatever the upper half of the request', () => {
    expect(answer(table.ioctl, 0n, 0x5412n)).toBe(EPERM);
    expect(answer(table.ioctl, 0n, 0xffff_ffff_0000_5412n)).toBe(EPERM);
    expect(answer(table.ioctl, 0n, 0x541cn)).toBe(EPERM);
    expect(answer(table.ioctl, 0n, 0x5401n)).toBe(ALLOW);
  });

  test('hides every call nobody has reviewed', () => {
    expect(answer(462)).toBe(ALLOW);
    expect(answer(463)).toBe(ENOSYS);
    expect(answer(9999)).toBe(ENOSYS);
  });

  test('before exec, leaves open only what the exec takes', () => {
    const early = (number: number): string => judge(beforeExec, { arch: table.auditArch, number });
    expect(Object.values(table.deniedAfterExec).map(early)).toEqual(
      Object.values(table.deniedAfterExec).map(() => ALLOW),
    );
    expect(Object.values(table.denied).map(early)).toEqual(
      Object.values(table.denied).map(() => EPERM),
    );
  });

  test('fits in what the kernel accepts', () => {
    expect(final.length % 8).toBe(0);
    expect(final.length / 8).toBeLessThanOrEqual(4096);
  });
});

test('the x64 filter kills x32 calls', () => {
  const program = buildSeccompFilter({ arch: 'x64', pid: PID, stage: 'final' });
  const arch = SYSCALLS.x64.auditArch;
  expect(judge(program, { arch, number: 0x4000_0029 })).toBe(KILL);
});
