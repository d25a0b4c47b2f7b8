import { appendFileSync, openSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { constants } from 'node:os';
import koffi from 'koffi';

/** A program that looks for ways out of its sandbox, and prints what it was told at each. */
const libc = koffi.load(null);
type Call = (...args: readonly (number | Uint8Array)[]) => number;
const socket = libc.func('int socket(int, int, int)') as Call;
const socketpair = libc.func('int socketpair(int, int, int, uint8_t *)') as Call;

const ERROR_NAMES = new Map(Object.entries(constants.errno).map(([name, code]) => [code, name]));
const FAMILIES = { unix: 1, inet: 2, inet6: 10, packet: 17, alg: 38, vsock: 40 };
const KINDS = { stream: 1, datagram: 2, sequence: 5 };
const SETTINGS = ['kernel/core_pattern', 'vm/drop_caches', 'net/ipv4/ip_forward'];
const CLOSED_FOLDERS = ['/', '/run', '/run/locara', '/home', '/locara', '/dev', '/proc', '/usr'];
const TEMPORARY_FOLDERS = ['/tmp', '/var/tmp', '/dev/shm'];

function told(result: number): string {
  return result >= 0 ? 'done' : (ERROR_NAMES.get(koffi.errno()) ?? 'refused');
}

function attempt(action: () => unknown): string {
  try {
    action();
    return 'done';
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
}

function tryEach<T>(of: Readonly<Record<string, T>>, action: (value: T) => string) {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, action(value)]));
}

/** Soft and hard, by the name that the kernel gives them. */
function readLimits(): Record<string, unknown> {
  const text = readFileSync('/proc/self/limits', 'utf8');
  const lines = text.matchAll(/^(Max [a-z ]+?) {2,}(\S+) +(\S+)/gm);
  return Object.fromEntries(Array.from(lines, (line) => [line[1], line.slice(2)])) as Record<
    string,
    unknown
  >;
}

const report = {
  families: tryEach(FAMILIES, (family) => told(socket(family, 1, 0))),
  pairs: tryEach(KINDS, (kind) => told(socketpair(1, kind, 0, new Uint8Array(8)))),
  // Opened and not written to: whoever may open it may write.
  settings: SETTINGS.map((name) => attempt(() => openSync(`/proc/sys/${name}`, 'r+'))),
  folders: CLOSED_FOLDERS.map((folder) =>
    attempt(() => {
      appendFileSync(`${folder}/locara-was-here`, 'x');
    }),
  ),
  temporaryBytes: TEMPORARY_FOLDERS.map((folder) => {
    const { blocks, bsize } = statfsSync(folder);
    return blocks * bsize;
  }),
  devices: readdirSync('/dev').sort(),
  limits: readLimits(),
  firstToEnd: readFileSync('/proc/self/oom_score_adj', 'utf8').trim(),
  terminal: attempt(() => openSync('/dev/tty', 'r+')),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
