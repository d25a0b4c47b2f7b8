import { wait } from './measure.ts';
import { PingPong } from './round-trips.ts';

/** A caller of its own process, so that nobody else's work is in its times: pings until told to stop, then sends them. */
const GAP_MS = 2;
const client = await PingPong.open(process.argv[2] ?? '');
const times: number[] = [];
const state = { isStopped: false };
process.once('message', () => {
  state.isStopped = true;
});
process.send?.('pinging');
while (!state.isStopped) {
  times.push(...(await client.run(1)));
  await wait(GAP_MS);
}
client.close();
process.send?.(times, () => process.exit());
