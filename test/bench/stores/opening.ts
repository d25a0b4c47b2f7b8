import { startDaemonProcess } from '../../support/daemon-process.ts';
import { installSample } from '../../support/install-sample.ts';
import {
  authenticate,
  openWire,
  type RawCredentials,
  type Wire,
} from '../../support/raw-client.ts';
import { median, type Row } from '../measure.ts';

const STARTS = 5;
const WARM_CALLS = 200;

/** The first call on a store that exists, after the daemon has started and while its process runs. */
export async function benchOpening(): Promise<readonly Row[]> {
  await using daemon = await startDaemonProcess({ fromBuild: true });
  const credentials = await installSample(daemon.controlSocket);
  const first = await openSession(daemon.appSocket, credentials);
  await ask(first, 'CREATE TABLE notes (id)');
  first.end();
  await daemon.stop();
  const cold: number[] = [];
  const warm: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    await using again = await startDaemonProcess({ home: daemon.home, fromBuild: true });
    const wire = await openSession(again.appSocket, credentials);
    cold.push(await ask(wire));
    for (let call = 0; call < WARM_CALLS; call += 1) warm.push(await ask(wire));
    wire.end();
  }
  return [
    {
      name: 'first call on an existing store',
      ours: `${median(cold).toFixed(0)} ms, quietest ${Math.min(...cold).toFixed(0)} ms`,
      goal: '≤ 250 ms',
    },
    { name: 'the next ones', ours: `${median(warm).toFixed(2)} ms`, goal: '≤ 1 ms' },
  ];
}

async function openSession(socket: string, credentials: RawCredentials): Promise<Wire> {
  const wire = await openWire(socket);
  await authenticate(wire, credentials);
  return wire;
}

/** Milliseconds of one call. */
async function ask(wire: Wire, statement?: string): Promise<number> {
  const startedAt = performance.now();
  const { error } =
    statement === undefined
      ? await wire.call('db.query', { sql: 'SELECT count(*) AS rows FROM notes' })
      : await wire.call('db.exec', { sql: statement });
  wire.received.length = 0;
  if (error !== undefined) throw new Error(error.message);
  return performance.now() - startedAt;
}
