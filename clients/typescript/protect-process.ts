import { ClientError } from './errors.ts';

const PR_SET_DUMPABLE = 4;
const PT_DENY_ATTACH = 31;

/** What is used of koffi, which the app brings along when it wants this. */
interface Foreign {
  load(library: string | null): { func(prototype: string): (...args: unknown[]) => number };
}

/**
 * Keeps other programs of the same user from reading this process: its memory, environment and open
 * connections (Linux), or from attaching a debugger (macOS). Call it first thing. The app must have the
 * package `koffi`; without it, or when the system refuses, this is `ProtectionUnavailable`.
 */
export async function protectProcess(platform: NodeJS.Platform = process.platform): Promise<void> {
  if (platform === 'linux') {
    const prctl = (await loadKoffi()).load(null).func('int prctl(int, ulong, ulong, ulong, ulong)');
    assertDone(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
  } else if (platform === 'darwin') {
    const ptrace = (await loadKoffi())
      .load('/usr/lib/libSystem.B.dylib')
      .func('int ptrace(int, int, void *, int)');
    assertDone(ptrace(PT_DENY_ATTACH, 0, null, 0));
  } else {
    throw unavailable(`There is no such protection on ${platform}.`);
  }
}

async function loadKoffi(): Promise<Foreign> {
  // Named in a variable: it is no dependency of this package.
  const name = 'koffi';
  try {
    const { default: koffi } = (await import(name)) as { default: Foreign };
    return koffi;
  } catch (cause) {
    throw unavailable(
      'Add the package `koffi` to the app: the protection is a system call.',
      cause,
    );
  }
}

function assertDone(result: number): void {
  if (result !== 0) throw unavailable('The system refused to protect this process.');
}

function unavailable(message: string, cause?: unknown): ClientError {
  return new ClientError('ProtectionUnavailable', message, cause);
}
