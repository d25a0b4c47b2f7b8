import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Pinger {
  /** Milliseconds of each ping, one after another with short pauses. */
  stop(): Promise<readonly number[]>;
}

/** Pings a socket from a process of its own, so that nobody else's work is in its times. */
export async function startPinger(socket: string): Promise<Pinger> {
  const pinger = fork(join(import.meta.dirname, 'pinger.ts'), [socket], { execArgv: [] });
  await once(pinger, 'message');
  return {
    stop: async () => {
      if (pinger.exitCode !== null) throw new Error('the pinger was disconnected');
      const told = once(pinger, 'message') as Promise<[number[]]>;
      pinger.send('stop');
      return (await told)[0];
    },
  };
}

/** Milliseconds of the pings while some work is done. */
export async function pingDuring(
  { appSocket }: { readonly appSocket: string },
  work: () => Promise<unknown>,
): Promise<readonly number[]> {
  const pinger = await startPinger(appSocket);
  await work();
  return pinger.stop();
}
