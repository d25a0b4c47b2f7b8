import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { unavailable } from './key-errors.ts';
import type { Keyring, KeyringAnswer, KeyringRequest } from './keyring.ts';

/**
 * The keyring of this login, each request in a process of its own that is killed after `timeoutMs`: its native code
 * may wait for a window that nobody sees, and neither that nor a crash of it may hold the daemon.
 */
export function createSystemKeyring({
  timeoutMs,
}: {
  /** Long enough to type a password into the keyring's window. */
  readonly timeoutMs: number;
}): Keyring {
  const ask = async (request: KeyringRequest): Promise<Uint8Array | undefined> => {
    const answer = await askProcess(request, timeoutMs);
    if (!answer.ok) {
      const message =
        'No keyring of this computer answers. Where there is one, unlock it and try again.';
      throw unavailable('keyring_unreachable', message);
    }
    return answer.secret;
  };
  return {
    get: (account) => ask({ op: 'get', account }),
    set: async (account, secret) => {
      await ask({ op: 'set', account, secret });
    },
    delete: async (account) => {
      await ask({ op: 'delete', account });
    },
  };
}

/** Resolves once the process is gone; never rejects. */
function askProcess(request: KeyringRequest, timeoutMs: number): Promise<KeyringAnswer> {
  const isSource = import.meta.url.endsWith('.ts');
  const entry = new URL(`./keyring-process.${isSource ? 'ts' : 'js'}`, import.meta.url);
  const { promise, resolve } = Promise.withResolvers<KeyringAnswer>();
  let answer: KeyringAnswer = { ok: false };
  const child = fork(fileURLToPath(entry), [], {
    execArgv: isSource ? ['--conditions=locara-source'] : [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  child.once('message', (message) => {
    answer = message as KeyringAnswer;
  });
  child.once('error', () => {
    resolve(answer);
  });
  child.once('exit', () => {
    resolve(answer);
  });
  child.send(request, () => undefined);
  return promise;
}
