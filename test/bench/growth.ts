import type { DaemonProcess } from '../support/daemon-process.ts';
import { authenticate, openWire, type RawCredentials, type Wire } from '../support/raw-client.ts';
import { type Row, rssMb, wait } from './measure.ts';
import { PingPong } from './round-trips.ts';

const PINGS = 20_000;
const CONNECTIONS = 500;
const CHATS = 500;

/** Memory after the same work twice: what the second time adds is what is never given back. */
export async function benchGrowth(
  daemon: DaemonProcess,
  credentials: RawCredentials,
): Promise<Row> {
  const wire = await openWire(daemon.appSocket);
  await authenticate(wire, credentials);
  await work(daemon, wire, credentials);
  const before = await settledRssMb(daemon);
  await work(daemon, wire, credentials);
  const grown = (await settledRssMb(daemon)) - before;
  wire.end();
  return {
    name: '20,000 pings, 500 sessions, 500 chats again',
    ours: `${grown < 0 ? '' : '+'}${grown.toFixed(1)} MB of ${before.toFixed(0)} MB`,
    goal: 'no growth',
  };
}

async function settledRssMb({ pid }: DaemonProcess): Promise<number> {
  await wait(1000);
  return rssMb(pid);
}

async function work(
  { appSocket }: DaemonProcess,
  wire: Wire,
  credentials: RawCredentials,
): Promise<void> {
  const client = await PingPong.open(appSocket);
  await client.run(PINGS);
  client.close();
  for (let count = 0; count < CONNECTIONS; count += 1) {
    const session = await openWire(appSocket);
    await authenticate(session, credentials);
    session.end();
  }
  for (let count = 0; count < CHATS; count += 1) {
    await wire.call('llm.chat', {
      messages: [{ role: 'user', content: 'Tell me a story.' }],
      maxTokens: 4,
    });
    wire.received.length = 0;
  }
}
