import { createRequire } from 'node:module';
import type koffiModule from 'koffi';
import type { SealHost } from './settings.ts';

const SANDBOX_FILTER_NONE = 0;
/** What sandbox_check answers: 0 is allowed, and -1 that it could not tell. */
const DENIED = 1;
const FORBIDDEN = ['network-outbound', 'network-inbound', 'network-bind', 'process-fork'] as const;

const AF_INET = 2;
const SOCK_STREAM = 1;
const EPERM = 1;
const PT_DENY_ATTACH = 31;
/** struct sockaddr_in { len 16, AF_INET, port 9, 127.0.0.1 }: nothing has to listen there. */
const LOOPBACK = Uint8Array.of(16, AF_INET, 0, 9, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);

type NativeCall = (...args: readonly unknown[]) => number;

/** Checks that `sandbox-exec` holds this process: it is put there at launch, and cannot do so itself. */
export function sealDarwin(host: SealHost): void {
  const koffi = createRequire(import.meta.url)('koffi') as typeof koffiModule;
  const system = koffi.load('/usr/lib/libSystem.B.dylib');
  const sandboxCheck = system.func('int sandbox_check(int, str, int)') as NativeCall;
  const openOperation = findOpenOperation((operation) =>
    sandboxCheck(host.pid, operation, SANDBOX_FILTER_NONE),
  );
  if (openOperation !== undefined) throw new Error(`the sandbox leaves ${openOperation} open`);

  const socket = system.func('int socket(int, int, int)') as NativeCall;
  const connect = system.func('int connect(int, const uint8_t *, uint32_t)') as NativeCall;
  const fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd >= 0) {
    const isRefused = connect(fd, LOOPBACK, LOOPBACK.length) < 0 && koffi.errno() === EPERM;
    (system.func('int close(int)') as NativeCall)(fd);
    if (!isRefused) throw new Error('a connection could still be tried');
  }

  const ptrace = system.func('int ptrace(int, int, void *, int)') as NativeCall;
  if (ptrace(PT_DENY_ATTACH, 0, null, 0) !== 0) throw new Error('debuggers could not be refused');
}

/** The first forbidden operation that is not known to be denied. */
export function findOpenOperation(check: (operation: string) => number): string | undefined {
  return FORBIDDEN.find((operation) => check(operation) !== DENIED);
}
