import { describe, expect, test } from 'vitest';
import { buildSandboxFilter, sandboxFilterFor } from '../../../daemon/sandbox/sandbox-filter.ts';
import { SYSCALLS } from '../../../daemon/workers/seal/syscalls.ts';
import { ALLOW, EAFNOSUPPORT, ENOSYS, EPERM, judge, KILL } from '../../support/judge-seccomp.ts';

describe.each(['x64', 'arm64'] as const)('the %s filter of launched apps', (arch) => {
  const table = SYSCALLS[arch];
  const program = buildSandboxFilter(arch);
  const answer = (number: number, ...args: bigint[]): string =>
    judge(program, { arch: table.auditArch, number, args });

  test.each([
    'ptrace',
    'process_vm_readv',
    'pidfd_getfd',
    'keyctl',
    'bpf',
    'mount',
    'unshare',
    'setns',
    'open_by_handle_at',
    'kexec_load',
  ])('refuses %s', (name) => {
    expect(answer(table.denied[name] ?? NaN)).toBe(EPERM);
  });

  test.each(['connect', 'bind', 'listen', 'kill'])('leaves %s alone', (name) => {
    expect(answer(table.denied[name] ?? NaN)).toBe(ALLOW);
  });

  const socket = (...args: bigint[]) => answer(table.denied['socket'] ?? NaN, ...args);
  const socketPair = (...args: bigint[]) => answer(table.denied['socketpair'] ?? NaN, ...args);

  test('lets sockets of its own network be made, and asks that network alone for its addresses', () => {
    expect([socket(2n, 1n), socket(10n, 2n), socket(16n, 3n, 0n)]).toEqual([ALLOW, ALLOW, ALLOW]);
    expect([socket(16n, 3n, 15n), socket(16n, 3n, 9n)]).toEqual([EAFNOSUPPORT, EAFNOSUPPORT]);
  });

  test.each([
    ['a socket file', 1n],
    ['the hypervisor', 40n],
    ['a radio', 31n],
    ['the packets of a card', 17n],
    ['the ciphers of the kernel', 38n],
    ['a family to come', 99n],
  ])('makes no socket that leads to %s', (_name, family) => {
    expect(socket(family, 1n)).toBe(EAFNOSUPPORT);
  });

  test('pairs stay with their pair: one that can be turned to a socket file is refused', () => {
    const flags = 0x80000n | 0x800n;
    expect([socketPair(1n, 1n | flags), socketPair(1n, 5n)]).toEqual([ALLOW, ALLOW]);
    for (const kind of [2n, 3n, 2n | flags]) expect(socketPair(1n, kind)).toBe(EAFNOSUPPORT);
    expect(socketPair(30n, 1n)).toBe(EAFNOSUPPORT);
  });

  test('has no io_uring, whose calls no filter sees, and no call younger than the table', () => {
    expect([425, 426, 427, 435, 463].map((number) => answer(number))).toEqual(
      Array<string>(5).fill(ENOSYS),
    );
  });

  test('lets processes and threads start, but no user name space', () => {
    expect(answer(table.clone, 0x11n)).toBe(ALLOW);
    expect(answer(table.clone, 0x10000n)).toBe(ALLOW);
    expect(answer(table.clone, 0x1000_0011n)).toBe(EPERM);
  });

  test('lets nothing type into a terminal', () => {
    expect(answer(table.ioctl, 1n, 0x5412n)).toBe(EPERM);
    expect(answer(table.ioctl, 1n, 0x541cn)).toBe(EPERM);
    expect(answer(table.ioctl, 1n, 0x5413n)).toBe(ALLOW);
  });

  test('kills a call made for another processor', () => {
    expect(judge(program, { arch: 0x4000_0003, number: 0 })).toBe(KILL);
  });
});

test('a processor without a table has no sandbox', () => {
  expect(() => sandboxFilterFor('riscv64')).toThrow('no sandbox for the processor riscv64');
});
