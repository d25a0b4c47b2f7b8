import type { Capability } from '@locara/protocol';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { createApp, createHandshakeBench, HELLO } from '../support/handshake-bench.ts';
import { authenticate, openWire, type RawCredentials } from '../support/raw-client.ts';
import { cpuMs, median, percentile, type Row } from './measure.ts';
import { onOneCore } from './sockets.ts';

/** The quietest round counts: a neighbour on the core is no part of a handshake. */
const ROUNDS = 5;
const HANDSHAKES = 200;
const WARM_UP = 200;
const CHECKS = 200_000;

/** Connect, hello, both proofs, end: one after another, the client's own work included, all on one core. */
export async function benchHandshakes(
  daemon: DaemonProcess,
  credentials: RawCredentials,
): Promise<Row> {
  const handshake = async (): Promise<number> => {
    const startedAt = performance.now();
    const wire = await openWire(daemon.appSocket);
    const { result } = await authenticate(wire, credentials);
    const took = performance.now() - startedAt;
    if (result === undefined) throw new Error('the handshake was refused');
    wire.end();
    await wire.closed();
    return took;
  };
  return onOneCore([daemon], async () => {
    for (let count = 0; count < WARM_UP; count += 1) await handshake();
    const before = cpuMs(daemon.pid);
    const rounds: { readonly times: readonly number[]; readonly perSecond: number }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const startedAt = performance.now();
      const times: number[] = [];
      for (let count = 0; count < HANDSHAKES; count += 1) times.push(await handshake());
      const perSecond = (HANDSHAKES * 1000) / (performance.now() - startedAt);
      rounds.push({ times, perSecond });
    }
    const spentMs = (cpuMs(daemon.pid) - before) / (ROUNDS * HANDSHAKES);
    const quietest = (p: number): string =>
      `${Math.min(...rounds.map(({ times }) => percentile(times, p))).toFixed(2)} ms`;
    const perSecond = Math.max(...rounds.map((round) => round.perSecond));
    return {
      name: 'handshake on one core, both ends',
      ours: `p50 ${quietest(50)}, p99 ${quietest(99)}, ${perSecond.toFixed(0)} a second (processor ${spentMs.toFixed(2)} ms each)`,
      goal: 'p50 ≤ 2 ms, ≥ 300 a second',
    };
  });
}

/** What every call costs before it runs: whether the session has the capability now. */
export function benchCapabilityCheck(): Row {
  const app = createApp({ modalities: ['text-to-text'], storage: { sql: true } });
  const { open, sessions } = createHandshakeBench([app]);
  const handshake = open();
  handshake.hello(HELLO);
  handshake.authenticate(handshake.proofOf(app));
  const session = sessions.list()[0]?.session;
  const asked: readonly Capability[] = ['store:read', 'store:write', 'llm:generate', 'store:sql'];
  const round = (count: number): number => {
    const startedAt = performance.now();
    let held = 0;
    for (let index = 0; index < count; index += 1) {
      const capability = asked[index % asked.length];
      if (capability !== undefined && session?.has(capability) === true) held += 1;
    }
    if (held !== count / asked.length) throw new Error('the check gave another answer');
    return ((performance.now() - startedAt) * 1000) / count;
  };
  round(CHECKS);
  const each = median([round(CHECKS), round(CHECKS), round(CHECKS)]);
  return { name: 'capability check', ours: `${each.toFixed(2)} µs a call`, goal: '≤ 5 µs' };
}
