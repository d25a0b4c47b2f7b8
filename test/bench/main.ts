import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { unpackEmbeddedModel } from '../support/embedded-model.ts';
import { installSample } from '../support/install-sample.ts';
import { authenticate, openWire, type Wire } from '../support/raw-client.ts';
import { measureLlmInProcess } from './llm-in-process.ts';
import { percentile, renderRows, type Row } from './measure.ts';
import { PingPong } from './round-trips.ts';

/** Speed and memory, reported and never asserted; peers run in the same minute on the same machine. */
async function main(): Promise<void> {
  const rows: Row[] = [];
  const startedAt = performance.now();
  const daemon = await startDaemonProcess({
    environment: { LOCARA_AUTH_TIMEOUT_MS: '120000' },
    fromBuild: true,
  });
  const readyMs = performance.now() - startedAt;
  try {
    rows.push(row('start to ready', `${readyMs.toFixed(0)} ms`, '', '< 1000 ms'));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    rows.push(row('idle RSS', `${rssMb(daemon.pid).toFixed(0)} MB`, '', '< 100 MB'));
    rows.push(...(await benchRoundTrips(daemon)));
    rows.push(await benchIdleConnections(daemon));
    rows.push(await benchChat(daemon));
  } finally {
    await daemon[Symbol.asyncDispose]();
  }
  process.stdout.write(
    `${availableParallelism()} cores, Node ${process.version}\n${renderRows(rows)}\n`,
  );
}

function row(name: string, ours: string, peer: string, goal: string): Row {
  return { name, ours, peer, goal };
}

async function benchRoundTrips(daemon: DaemonProcess): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'locara-e-'));
  const path = join(folder, 'echo.sock');
  const echo = spawn(process.execPath, [join(import.meta.dirname, 'echo-server.ts'), path]);
  await once(echo.stdout, 'data');
  try {
    // Interleaved, so that a noisy minute hits both.
    const ours: number[] = [];
    const raw: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      ours.push(...(await roundTrips(daemon.appSocket, 1, 2000)).slice(round === 0 ? 500 : 0));
      raw.push(...(await roundTrips(path, 1, 2000)).slice(round === 0 ? 500 : 0));
    }
    const many = await roundTrips(daemon.appSocket, 64, 200);
    const manyRaw = await roundTrips(path, 64, 200);
    const us = (ms: number) => `${(ms * 1000).toFixed(0)} µs`;
    const ratio = percentile(ours, 50) / percentile(raw, 50);
    return [
      row(
        'round trip p50',
        `${us(percentile(ours, 50))} (${ratio.toFixed(2)}×)`,
        `raw echo ${us(percentile(raw, 50))}`,
        '≤ 4×',
      ),
      row(
        'round trip p99, 64 clients',
        `${percentile(many, 99).toFixed(2)} ms`,
        `raw echo ${percentile(manyRaw, 99).toFixed(2)} ms`,
        '< 1 ms on idle cores',
      ),
    ];
  } finally {
    echo.kill();
    rmSync(folder, { recursive: true });
  }
}

async function roundTrips(path: string, clients: number, count: number): Promise<number[]> {
  const open = await Promise.all(Array.from({ length: clients }, () => PingPong.open(path)));
  const times = await Promise.all(open.map((client) => client.run(count)));
  for (const client of open) client.close();
  return times.flat();
}

async function benchIdleConnections(daemon: DaemonProcess): Promise<Row> {
  const before = rssMb(daemon.pid);
  const wires = await Promise.all(Array.from({ length: 1000 }, () => openWire(daemon.appSocket)));
  await new Promise((resolve) => setTimeout(resolve, 500));
  const grown = rssMb(daemon.pid) - before;
  for (const wire of wires) wire.end();
  return row('1,000 idle connections', `+${grown.toFixed(0)} MB`, '', 'reported');
}

const PROMPT = 'Once upon a time, there was a little girl named Lily.';
const MAX_TOKENS = 200;
const ROUNDS = 8;

async function benchChat(daemon: DaemonProcess): Promise<Row> {
  const credentials = await installSample(daemon.controlSocket);
  const wire = await openWire(daemon.appSocket);
  await authenticate(wire, credentials);
  await generate(wire);
  const modelPath = unpackEmbeddedModel('stories-260k');
  const ours: number[] = [];
  const raw: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await generate(wire));
    const alone = await measureLlmInProcess({
      modelPath,
      prompt: PROMPT,
      maxTokens: MAX_TOKENS,
      contextTokens: 512,
      threads: 1,
      runs: 1,
    });
    raw.push(...alone.tokensPerSecond);
  }
  wire.end();
  const [daemonRate, rawRate] = [percentile(ours, 50), percentile(raw, 50)];
  const ratio = daemonRate / rawRate;
  return row(
    'chat, tokens/s (260 K model)',
    `${daemonRate.toFixed(0)} (${ratio.toFixed(2)}×)`,
    `node-llama-cpp in process ${rawRate.toFixed(0)}`,
    '≥ 0.95×',
  );
}

/** Tokens per second of one completion as the client sees it. */
async function generate(wire: Wire): Promise<number> {
  const startedAt = performance.now();
  const answer = await wire.call('llm.complete', {
    prompt: PROMPT,
    maxTokens: MAX_TOKENS,
    temperature: 0,
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const { usage } = answer.result as { usage: { completionTokens: number } };
  return usage.completionTokens / seconds;
}

function rssMb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

await main();
