import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startPinger } from '../../bench/pinger-process.ts';
import { startEcho } from '../../bench/sockets.ts';
import { openControlWire } from '../control-wire.ts';
import type { DaemonProcess } from '../daemon-process.ts';
import { createRandom } from '../random.ts';
import type { RawCredentials, Wire } from '../raw-client.ts';
import { killBusyWorker } from './kill-workers.ts';
import { LoadLog, type LoadReport } from './load-log.ts';
import type { LoadKind } from './load-request.ts';
import { runLoad } from './run-load.ts';

export interface SoakOptions {
  readonly daemon: DaemonProcess;
  readonly apps: readonly RawCredentials[];
  readonly durationMs: number;
  readonly seed: number;
  /** The models whose workers are killed. */
  readonly victims: readonly Victim[];
  /** Asked after `durationMs`: the load goes on until it says yes. Without it that time is enough. */
  readonly isEnough?: (log: LoadLog) => boolean;
}

/** A model, and a kind of call that only succeeds once its worker is back. */
export interface Victim {
  readonly model: string;
  readonly kind: LoadKind;
}

export interface SoakReport extends LoadReport {
  readonly kills: number;
  readonly pingsMs: readonly number[];
  /** Of a process that only echoes, at the same time: what the machine itself adds. */
  readonly echoesMs: readonly number[];
}

/** Of the daemon: pings need no session, and come for as long as the soak lasts. */
export const SOAK_ENVIRONMENT = { LOCARA_AUTH_TIMEOUT_MS: '7200000' };

const LOAD = { connectionsPerApp: 2, callsPerConnection: 3 };
const PAUSE_MS = { shortest: 200, longest: 1200 };
const LOOK_AGAIN_MS = 5;

/** A load, under which workers are killed at random while they compute. It never kills one that has not worked again. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { daemon, apps, durationMs, seed, victims, isEnough = () => true } = options;
  const log = new LoadLog(['Busy', ...(victims.length === 0 ? [] : ['WorkerCrashed'])]);
  const control = await openControlWire(daemon.controlSocket);
  const { echo, path } = await startEcho(join(daemon.home, 'echo.sock'));
  const pingers = [await startPinger(daemon.appSocket), await startPinger(path)];
  const over = new AbortController();
  const { signal } = over;
  const [report, kills] = await Promise.all([
    runLoad({ ...LOAD, appSocket: daemon.appSocket, apps, seed, signal }, log),
    killAtRandom(control, { victims, log, random: createRandom(seed), signal }),
    endWhenEnough(),
  ]);
  const [pingsMs = [], echoesMs = []] = await Promise.all(pingers.map((one) => one.stop()));
  echo.kill();
  control.end();
  return { ...report, kills, pingsMs, echoesMs };

  async function endWhenEnough(): Promise<void> {
    await wait(durationMs);
    while (!isEnough(log)) await wait(LOOK_AGAIN_MS);
    over.abort();
  }
}

interface Killer {
  readonly victims: readonly Victim[];
  readonly log: LoadLog;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

async function killAtRandom(
  control: Wire,
  { victims, log, random, signal }: Killer,
): Promise<number> {
  let kills = 0;
  const ended = once(signal, 'abort');
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    await wait(PAUSE_MS.shortest + random() * (PAUSE_MS.longest - PAUSE_MS.shortest));
    const victim = victims[Math.floor(random() * victims.length)];
    if (victim === undefined) continue;
    while (!isOver() && !(await killBusyWorker(control, victim.model))) {
      await wait(LOOK_AGAIN_MS);
    }
    if (isOver()) break;
    kills += 1;
    await Promise.race([log.nextSuccess(victim.kind), ended]);
  }
  return kills;
}
