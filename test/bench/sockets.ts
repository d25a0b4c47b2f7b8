import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { openWire } from '../support/raw-client.ts';
import { cpuMs, percentile, rssMb, type Row, wait } from './measure.ts';
import { PingPong } from './round-trips.ts';

interface Peer {
  readonly path: string;
  readonly pid: number;
}

interface Trips {
  /** Milliseconds of each trip, by round. */
  readonly rounds: readonly (readonly number[])[];
  readonly cpuMs: number;
}

const ROUNDS = 6;

/** `daemon.ping` against a raw echo of the same lines on node:net, in turns: a noisy minute hits both. */
export async function benchRoundTrips(daemon: DaemonProcess): Promise<readonly Row[]> {
  const ours = { path: daemon.appSocket, pid: daemon.pid };
  const { echo, ...raw } = await startEcho(join(daemon.home, 'echo.sock'));
  try {
    await takeTurns([ours, raw], { clients: 64, trips: 50, rounds: 1 });
    const alone = await onOneCore([ours, raw], () =>
      takeTurns([ours, raw], { clients: 1, trips: 2000, rounds: ROUNDS }),
    );
    const crowd = await takeTurns([ours, raw], { clients: 64, trips: 100, rounds: ROUNDS });
    return [
      compare('round trip on one core, p50', alone, { p: 50, goal: '≤ 4×' }),
      compare('round trip on one core, p99', alone, { p: 99 }),
      compare('64 clients at once, p50', crowd, { p: 50 }),
      compare('64 clients at once, p99', crowd, { p: 99, goal: '< 1 ms on idle cores' }),
    ];
  } finally {
    echo.kill();
  }
}

/** A process that answers every line, and does nothing else. */
export async function startEcho(path: string): Promise<Peer & { readonly echo: ChildProcess }> {
  const echo = spawn(process.execPath, [join(import.meta.dirname, 'echo-server.ts'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(echo.stdout, 'data');
  return { path, pid: echo.pid ?? 0, echo };
}

async function takeTurns(
  peers: readonly [Peer, Peer],
  { rounds, ...load }: { clients: number; trips: number; rounds: number },
): Promise<readonly [Trips, Trips]> {
  const turns: (readonly [Trips, Trips])[] = [];
  for (let round = 0; round < rounds; round += 1) {
    turns.push([await roundTrips(peers[0], load), await roundTrips(peers[1], load)]);
  }
  return [sumTrips(turns.map(([ours]) => ours)), sumTrips(turns.map(([, raw]) => raw))];
}

async function roundTrips(
  { path, pid }: Peer,
  { clients, trips }: { readonly clients: number; readonly trips: number },
): Promise<Trips> {
  const open = await Promise.all(Array.from({ length: clients }, () => PingPong.open(path)));
  const before = cpuMs(pid);
  const times = await Promise.all(open.map((client) => client.run(trips)));
  const spentMs = cpuMs(pid) - before;
  for (const client of open) client.close();
  return { rounds: [times.flat()], cpuMs: spentMs };
}

function sumTrips(turns: readonly Trips[]): Trips {
  return {
    rounds: turns.flatMap(({ rounds }) => rounds),
    cpuMs: turns.reduce((sum, turn) => sum + turn.cpuMs, 0),
  };
}

function compare(
  name: string,
  [ours, raw]: readonly [Trips, Trips],
  { p, ...goal }: { readonly p: number; readonly goal?: string },
): Row {
  const describe = ({ rounds, cpuMs: spentMs }: Trips) =>
    `${inUs(quietest(rounds, p))} (processor ${inUs(spentMs / rounds.flat().length)} each)`;
  const ratio = quietest(ours.rounds, p) / quietest(raw.rounds, p);
  return {
    name,
    ours: `${ratio.toFixed(2)}×, ${describe(ours)}`,
    peer: `raw echo ${describe(raw)}`,
    ...goal,
  };
}

/**
 * Runs with both ends of every trip on one core, where that can be asked for. Waking a process on another
 * core takes longer than the whole trip, and whether that happens is the scheduler's choice, for either side.
 */
export async function onOneCore<T>(
  peers: readonly Pick<Peer, 'pid'>[],
  run: () => Promise<T>,
): Promise<T> {
  const pin = (cores: string): void => {
    for (const pid of [process.pid, ...peers.map((peer) => peer.pid)]) {
      spawnSync('taskset', ['-a', '-p', '-c', cores, String(pid)], { stdio: 'ignore' });
    }
  };
  pin('0');
  try {
    return await run();
  } finally {
    pin(`0-${cpus().length - 1}`);
  }
}

/** The percentile of a side's quietest round. */
function quietest(rounds: Trips['rounds'], p: number): number {
  return Math.min(...rounds.map((times) => percentile(times, p)));
}

function inUs(ms: number): string {
  return `${(ms * 1000).toFixed(0)} µs`;
}

export async function benchIdleConnections(daemon: DaemonProcess): Promise<Row> {
  const before = rssMb(daemon.pid);
  const wires = await Promise.all(Array.from({ length: 1000 }, () => openWire(daemon.appSocket)));
  await wait(500);
  const grown = rssMb(daemon.pid) - before;
  for (const wire of wires) wire.end();
  return { name: '1,000 idle connections', ours: `+${grown.toFixed(0)} MB` };
}
