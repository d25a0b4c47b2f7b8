import type { CallWire } from '../../support/call-wire.ts';
import { createPrompt } from '../../support/prompts.ts';
import { openLlmInProcess } from '../llm-in-process.ts';
import { median, percentile, type Row } from '../measure.ts';
import { write } from './apps.ts';
import { type Subject, THREADS } from './subject.ts';

const PROMPT_WORDS = 16;
const WARM_UP = 5;

/** What the daemon adds before the first token: its time minus the library's, prompt by prompt, in turns. */
export async function benchFirstToken(app: CallWire, subject: Subject): Promise<Row> {
  const raw = await openLlmInProcess({ ...subject, threads: THREADS });
  const added: number[] = [];
  const theirs: number[] = [];
  for (let round = -WARM_UP; round < subject.rounds.firstToken; round += 1) {
    const task = { prompt: createPrompt(PROMPT_WORDS, 30_000 + round), maxTokens: 1 };
    // Whoever goes first finds the caches of the processor as the other one left them.
    const isOursFirst = round % 2 === 0;
    const first = isOursFirst ? await write(app, task) : await raw.generate(task);
    const second = isOursFirst ? await raw.generate(task) : await write(app, task);
    const [inDaemon, inProcess] = isOursFirst ? [first, second] : [second, first];
    if (round < 0) continue;
    added.push(inDaemon.firstTokenMs - inProcess.firstTokenMs);
    theirs.push(inProcess.firstTokenMs);
  }
  await raw.close();
  const inMs = (p: number): string => `${percentile(added, p).toFixed(2)} ms`;
  return {
    name: `${subject.name}, added to the first token`,
    ours: `p50 ${inMs(50)}, p99 ${inMs(99)}`,
    peer: `node-llama-cpp p50 ${median(theirs).toFixed(1)}, p99 ${percentile(theirs, 99).toFixed(1)} ms`,
    goal: 'p50 ≤ 0.5 ms, p99 ≤ 5 ms',
  };
}
