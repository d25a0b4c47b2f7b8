import { availableParallelism, loadavg } from 'node:os';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { benchChat } from './chat.ts';
import { benchEmbeddings } from './embeddings.ts';
import { benchGrowth } from './growth.ts';
import { benchCapabilityCheck, benchHandshakes } from './handshakes.ts';
import { benchInstalls } from './installs.ts';
import { benchLargeInputs } from './large-inputs.ts';
import { benchLlm, LLM_MEASURES } from './llm/bench-llm.ts';
import { cpuMs, median, renderRows, type Row, rssMb, wait } from './measure.ts';
import { PRIVACY_MEASURES } from './privacy/bench-privacy.ts';
import { benchIdleConnections, benchRoundTrips } from './sockets.ts';
import { NAMED_ALONE, STORE_MEASURES } from './stores/bench-stores.ts';

/** More connections than any test needs may wait unauthenticated. */
const OPTIONS = { environment: { LOCARA_AUTH_TIMEOUT_MS: '120000' }, fromBuild: true };

/** Everything that can be measured, by the name that chooses it. */
const MEASURES: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  start: async () => [await benchStart()],
  sockets: () => inDaemon(benchSockets),
  installs: () => inDaemon(benchInstalls),
  app: () => inDaemon(benchApp),
  embed: () =>
    inDaemon(async (daemon) => benchEmbeddings(daemon, await installSample(daemon.controlSocket))),
  ...Object.fromEntries(
    Object.keys(LLM_MEASURES).map((name) => [
      name,
      () => benchLlm(name as keyof typeof LLM_MEASURES),
    ]),
  ),
  ...STORE_MEASURES,
  ...PRIVACY_MEASURES,
};

/**
 * Speed and memory of the built daemon, reported and never asserted; peers take turns with it. Arguments choose
 * measures by name or by the beginning of it, as `llm` or `llm.speed`; without any, all run but what takes too long.
 */
async function main(chosen: readonly string[]): Promise<void> {
  const isChosen = (name: string): boolean =>
    chosen.includes(name) ||
    (!NAMED_ALONE.has(name) &&
      (chosen.length === 0 || chosen.some((choice) => name.startsWith(`${choice}.`))));
  const names = Object.keys(MEASURES).filter(isChosen);
  if (names.length === 0) {
    process.stderr.write(`Nothing is called so. There are: ${Object.keys(MEASURES).join(', ')}.\n`);
    process.exitCode = 2;
    return;
  }
  const rows: Row[] = [];
  for (const name of names) rows.push(...((await MEASURES[name]?.()) ?? []));
  const load = loadavg()[0]?.toFixed(1) ?? '';
  process.stdout.write(
    `${availableParallelism()} cores at load ${load}, Node ${process.version}\n${renderRows(rows)}\n`,
  );
}

async function inDaemon(
  measure: (daemon: DaemonProcess) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  await using daemon = await startDaemonProcess(OPTIONS);
  return await measure(daemon);
}

async function benchSockets(daemon: DaemonProcess): Promise<readonly Row[]> {
  return [
    await benchIdle(daemon),
    ...(await benchRoundTrips(daemon)),
    await benchIdleConnections(daemon),
  ];
}

async function benchApp(daemon: DaemonProcess): Promise<readonly Row[]> {
  const credentials = await installSample(daemon.controlSocket);
  return [
    await benchHandshakes(daemon, credentials),
    benchCapabilityCheck(),
    ...(await benchChat(daemon, credentials)),
    await benchGrowth(daemon, credentials),
    ...(await benchLargeInputs(daemon, credentials)),
  ];
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

await main(process.argv.slice(2));
