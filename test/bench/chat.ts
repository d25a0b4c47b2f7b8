import { readFileSync } from 'node:fs';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { unpackEmbeddedModel } from '../support/embedded-model.ts';
import { createPrompt } from '../support/prompts.ts';
import {
  authenticate,
  openWire,
  type RawCredentials,
  type Wire,
  type WireMessage,
} from '../support/raw-client.ts';
import type { Generation, Task } from './generation.ts';
import { openLlmInProcess } from './llm-in-process.ts';
import { cpuMs, median, type Row } from './measure.ts';

const PROMPT_WORDS = 12;
const MAX_TOKENS = 400;
const CONTEXT_TOKENS = 512;
const ROUNDS = 20;
/** Turns of both before the first that counts: caches, clocks and compilers settle. */
const WARM_UP = 3;

/** The same greedy text from the same model on one thread, in turns: through the daemon and by the library alone. */
export async function benchChat(
  daemon: DaemonProcess,
  credentials: RawCredentials,
): Promise<readonly Row[]> {
  const wire = await openWire(daemon.appSocket);
  await authenticate(wire, credentials);
  const alone = await openLlmInProcess({
    modelPath: unpackEmbeddedModel('stories-260k'),
    contextTokens: CONTEXT_TOKENS,
    threads: 1,
  });
  const ours: Generation[] = [];
  const raw: Generation[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    // New each time: nothing that was read before helps either side.
    const task = { prompt: createPrompt(PROMPT_WORDS, 90_000 + round), maxTokens: MAX_TOKENS };
    ours.push(await generate(daemon, { wire, task }));
    raw.push(await alone.generate(task));
  }
  await alone.close();
  wire.end();
  return compare(ours.slice(WARM_UP), raw.slice(WARM_UP));
}

function compare(ours: readonly Generation[], raw: readonly Generation[]): readonly Row[] {
  const ratios = ours.map(
    ({ tokensPerSecond }, turn) => tokensPerSecond / (raw[turn]?.tokensPerSecond ?? NaN),
  );
  const describe = (runs: readonly Generation[]): string =>
    `${median(runs.map((run) => run.tokensPerSecond)).toFixed(0)} tokens/s`;
  const first = (runs: readonly Generation[]): string =>
    `${median(runs.map((run) => run.firstTokenMs)).toFixed(1)} ms`;
  const cpu = (runs: readonly Generation[]): string => {
    const sum = runs.reduce((total, run) => total + run.cpuUsPerToken, 0);
    return `${(sum / runs.length).toFixed(0)} µs`;
  };
  const equal = ours.filter(({ text }, turn) => text === raw[turn]?.text).length;
  return [
    {
      name: `completion, 260 K model, ${equal} of ${ours.length} texts equal`,
      ours: `${median(ratios).toFixed(2)}×, ${describe(ours)}`,
      peer: `node-llama-cpp in process ${describe(raw)}`,
      goal: '≥ 0.95×',
    },
    { name: 'first token', ours: first(ours), peer: first(raw) },
    { name: 'processor time a token', ours: cpu(ours), peer: cpu(raw) },
  ];
}

/** Through the daemon; the processor time is the daemon's and its worker's. */
async function generate(
  daemon: DaemonProcess,
  { wire, task }: { readonly wire: Wire; readonly task: Task },
): Promise<Generation> {
  const pids = [daemon.pid, ...childrenOf(daemon.pid)];
  const spent = (): number => pids.reduce((sum, pid) => sum + cpuMs(pid), 0);
  wire.received.length = 0;
  const before = spent();
  const startedAt = performance.now();
  const answering = wire.call('llm.complete', { ...task, temperature: 0 });
  await wire.next(isChunk);
  const firstTokenMs = performance.now() - startedAt;
  const { content, usage } = (await answering).result as {
    content: string;
    usage: { completionTokens: number };
  };
  const seconds = (performance.now() - startedAt) / 1000;
  const tokens = usage.completionTokens;
  return {
    tokens,
    tokensPerSecond: tokens / seconds,
    firstTokenMs,
    cpuUsPerToken: ((spent() - before) * 1000) / tokens,
    text: content,
  };
}

function isChunk({ method }: WireMessage): boolean {
  return method === '$/chunk';
}

function childrenOf(pid: number): readonly number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return list === '' ? [] : list.split(' ').map(Number);
}
