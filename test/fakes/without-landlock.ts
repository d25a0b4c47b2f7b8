import {
  ALLOW,
  answer,
  encode,
  ENOSYS,
  ERRNO,
  JUMP_EQUAL,
  load,
  NUMBER_OFFSET,
  when,
} from '../../daemon/workers/seal/bpf.ts';
import { loadLinuxCalls } from '../../daemon/workers/seal/linux-calls.ts';

/** Starts the program of its arguments on a kernel that has no Landlock, as far as that program can tell. */
const PR_SET_NO_NEW_PRIVS = 38;
const LANDLOCK_CALLS = [444, 445, 446];

const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
const calls = loadLinuxCalls(arch);
calls.prctl(PR_SET_NO_NEW_PRIVS, 1);
calls.installFilter(
  encode([
    load(NUMBER_OFFSET),
    ...LANDLOCK_CALLS.flatMap((number) => when(JUMP_EQUAL, number, answer(ERRNO | ENOSYS))),
    answer(ALLOW),
  ]),
);
const [program = '', ...rest] = process.argv.slice(2);
process.execve?.(program, [program, ...rest], process.env);
