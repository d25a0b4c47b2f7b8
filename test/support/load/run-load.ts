import { setTimeout as wait } from 'node:timers/promises';
import { type CallWire, openCallWire } from '../call-wire.ts';
import { createRandom } from '../random.ts';
import type { RawCredentials } from '../raw-client.ts';
import type { LoadLog, LoadReport } from './load-log.ts';
import { drawRequest } from './load-request.ts';

export interface LoadOptions {
  readonly appSocket: string;
  readonly apps: readonly RawCredentials[];
  readonly connectionsPerApp: number;
  /** Calls that each connection keeps open. */
  readonly callsPerConnection: number;
  readonly seed: number;
  /** No new call begins after it. */
  readonly signal: AbortSignal;
}

const LONGEST_PAUSE_MS = 30;
const LONGEST_RETRY_MS = 500;

/** Many apps that call at random, on the raw wire, until they are told to stop and every call is answered. */
export async function runLoad(options: LoadOptions, log: LoadLog): Promise<LoadReport> {
  const { appSocket, apps, connectionsPerApp, callsPerConnection, seed, signal } = options;
  const wires = await Promise.all(
    apps.flatMap((app) =>
      Array.from({ length: connectionsPerApp }, () => openCallWire(appSocket, app)),
    ),
  );
  const lanes = wires.flatMap((wire) => Array.from({ length: callsPerConnection }, () => wire));
  await Promise.all(
    lanes.map((wire, lane) => runLane(wire, { random: createRandom(seed + lane), log, signal })),
  );
  const violations = wires.flatMap((wire) => wire.violations);
  for (const wire of wires) wire.end();
  return log.report(violations);
}

interface Lane {
  readonly random: () => number;
  readonly log: LoadLog;
  readonly signal: AbortSignal;
}

async function runLane(wire: CallWire, { random, log, signal }: Lane): Promise<void> {
  while (!signal.aborted) {
    const request = drawRequest(random);
    const call = wire.start(request.method, request.params);
    const { cancelAfterMs } = request;
    const timer = cancelAfterMs === undefined ? undefined : setTimeout(call.cancel, cancelAfterMs);
    const answered = await call.answer;
    clearTimeout(timer);
    log.record(request, answered);
    await wait(pauseMs(random, answered.error?.data.details?.['retryAfterMs']));
  }
}

function pauseMs(random: () => number, retryAfterMs: unknown): number {
  if (typeof retryAfterMs === 'number') return Math.min(retryAfterMs, LONGEST_RETRY_MS);
  return random() < 0.5 ? 0 : random() * LONGEST_PAUSE_MS;
}
