import { availableParallelism, loadavg } from 'node:os';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { benchChat } from './chat.ts';
import { benchGrowth } from './growth.ts';
import { benchCapabilityCheck, benchHandshakes } from './handshakes.ts';
import { benchInstalls } from './installs.ts';
import { benchLargeInputs } from './large-inputs.ts';
import { cpuMs, median, renderRows, type Row, rssMb, wait } from './measure.ts';
import { benchIdleConnections, benchRoundTrips } from './sockets.ts';

/** More connections than any test needs may wait unauthenticated. */
const OPTIONS = { environment: { LOCARA_AUTH_TIMEOUT_MS: '120000' }, fromBuild: true };

/** Speed and memory of the built daemon, reported and never asserted; peers take turns with it. */
async function main(): Promise<void> {
  const rows: Row[] = [await benchStart()];
  const daemon = await startDaemonProcess(OPTIONS);
  try {
    rows.push(await benchIdle(daemon));
    rows.push(...(await benchRoundTrips(daemon)));
    rows.push(await benchIdleConnections(daemon));
    rows.push(...(await benchInstalls(daemon)));
    const credentials = await installSample(daemon.controlSocket);
    rows.push(await benchHandshakes(daemon, credentials));
    rows.push(benchCapabilityCheck());
    rows.push(...(await benchChat(daemon, credentials)));
    rows.push(await benchGrowth(daemon, credentials));
    rows.push(...(await benchLargeInputs(daemon, credentials)));
  } finally {
    await daemon[Symbol.asyncDispose]();
  }
  const load = loadavg()[0]?.toFixed(1) ?? '';
  process.stdout.write(
    `${availableParallelism()} cores at load ${load}, Node ${process.version}\n${renderRows(rows)}\n`,
  );
}

const STARTS = 5;

async function benchStart(): Promise<Row> {
  const wallMs: number[] = [];
  const spentMs: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const startedAt = performance.now();
    await using daemon = await startDaemonProcess(OPTIONS);
    wallMs.push(performance.now() - startedAt);
    spentMs.push(cpuMs(daemon.pid));
  }
  const inMs = (figures: readonly number[]): string => `${median(figures).toFixed(0)} ms`;
  return {
    name: 'start to ready',
    ours: `${inMs(wallMs)} (processor ${inMs(spentMs)})`,
    goal: '< 1000 ms',
  };
}

const IDLE_MS = 5000;

async function benchIdle(daemon: DaemonProcess): Promise<Row> {
  const before = cpuMs(daemon.pid);
  await wait(IDLE_MS);
  const spentMs = cpuMs(daemon.pid) - before;
  return {
    name: 'idle',
    ours: `${rssMb(daemon.pid).toFixed(0)} MB, processor ${spentMs.toFixed(0)} ms in ${IDLE_MS / 1000} s`,
    goal: '< 100 MB',
  };
}

await main();
