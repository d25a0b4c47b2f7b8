import type { CallWire } from '../../support/call-wire.ts';
import { createPrompt } from '../../support/prompts.ts';
import type { Generation, Task } from '../generation.ts';
import { type LlmInProcess, openLlmInProcess } from '../llm-in-process.ts';
import { median, type Row } from '../measure.ts';
import { write } from './apps.ts';
import { APPS, type Subject, THREADS } from './subject.ts';

const PROMPT_WORDS = 16;
const WARM_UP_TOKENS = 4;

/** Tokens a second of each side in each round. Prompts are new each time: nothing read before helps either side. */
export async function benchSpeed(
  apps: readonly CallWire[],
  subject: Subject,
): Promise<readonly Row[]> {
  const one = await openLlmInProcess({ ...subject, threads: THREADS });
  const alone = await benchAlone(apps, { subject, raw: one });
  await one.close();
  const eight = await openLlmInProcess({ ...subject, threads: THREADS, sequences: APPS });
  const together = await benchTogether(apps, { subject, raw: eight });
  await eight.close();
  return [alone, ...together];
}

interface Sides {
  readonly subject: Subject;
  readonly raw: LlmInProcess;
}

async function benchAlone(apps: readonly CallWire[], { subject, raw }: Sides): Promise<Row> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = -1; round < subject.rounds.alone; round += 1) {
    const task = createTask(round < 0 ? WARM_UP_TOKENS : subject.maxTokens.alone, round);
    const [first] = apps;
    if (first === undefined) throw new Error('there is no app');
    const inDaemon = await write(first, task);
    const inProcess = await raw.generate(task);
    // The first round warms both sides up.
    if (round < 0) continue;
    ours.push(inDaemon.tokensPerSecond);
    theirs.push(inProcess.tokensPerSecond);
  }
  return {
    name: `${subject.name}, one app`,
    ours: compare(ours, theirs),
    peer: `node-llama-cpp, 1 sequence ${describe(theirs)}`,
    goal: '≥ 0.98×',
  };
}

async function benchTogether(
  apps: readonly CallWire[],
  { subject, raw }: Sides,
): Promise<readonly Row[]> {
  const ours: number[] = [];
  const theirs: number[] = [];
  const serial: number[] = [];
  for (let round = -1; round < subject.rounds.ofEight; round += 1) {
    const maxTokens = round < 0 ? WARM_UP_TOKENS : subject.maxTokens.ofEight;
    const tasks = apps.map((_app, index) => createTask(maxTokens, 10_000 + round * APPS + index));
    const pairs = apps.map((wire, index) => ({ wire, task: tasks[index] ?? createTask(1, 0) }));
    const inDaemon = await timeTokens(() =>
      Promise.all(pairs.map(({ wire, task }) => write(wire, task))),
    );
    const inProcess = await timeTokens(() => Promise.all(tasks.map((task) => raw.generate(task))));
    const inTurn = await timeTokens(() => writeInTurn(apps, tasks, round));
    if (round < 0) continue;
    ours.push(inDaemon);
    theirs.push(inProcess);
    serial.push(inTurn);
  }
  return [
    {
      name: `${subject.name}, ${APPS} apps at once`,
      ours: compare(ours, theirs),
      peer: `node-llama-cpp, ${APPS} sequences ${describe(theirs)}`,
      goal: '≥ 0.95×',
    },
    {
      name: `${subject.name}, ${APPS} apps against ${APPS} calls in turn`,
      ours: compare(ours, serial),
      peer: `the daemon, in turn ${describe(serial)}`,
      goal: '≥ 1×',
    },
  ];
}

/** The same calls one after another, with other words than those that were just read. */
async function writeInTurn(
  [app]: readonly CallWire[],
  tasks: readonly Task[],
  round: number,
): Promise<readonly Generation[]> {
  if (app === undefined) throw new Error('there is no app');
  const written: Generation[] = [];
  for (const [index, { maxTokens }] of tasks.entries()) {
    written.push(await write(app, createTask(maxTokens, 20_000 + round * APPS + index)));
  }
  return written;
}

async function timeTokens(work: () => Promise<readonly Generation[]>): Promise<number> {
  const startedAt = performance.now();
  const tokens = (await work()).reduce((sum, text) => sum + text.tokens, 0);
  return (tokens * 1000) / (performance.now() - startedAt);
}

function createTask(maxTokens: number, seed: number): Task {
  return { prompt: createPrompt(PROMPT_WORDS, seed), maxTokens };
}

function compare(ours: readonly number[], theirs: readonly number[]): string {
  const ratios = ours.map((rate, round) => rate / (theirs[round] ?? NaN));
  return `${median(ratios).toFixed(2)}×, ${describe(ours)}`;
}

function describe(rates: readonly number[]): string {
  return `${median(rates).toFixed(median(rates) < 100 ? 1 : 0)} tokens/s`;
}
