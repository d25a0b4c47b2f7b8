import type { CallWire } from '../../support/call-wire.ts';
import { createPrompt } from '../../support/prompts.ts';
import { median, type Row } from '../measure.ts';
import { write } from './apps.ts';
import type { Subject } from './subject.ts';

const PREFIX_WORDS = 4000;
const TAIL_WORDS = 8;
const REPEATS = 3;
/** Where nothing is kept, one repetition says as much as three. */
const SLOW_MS = 3000;

/** The time to the first token of a long prompt, then of others that begin in the same way. */
export async function benchPrefix(app: CallWire, subject: Subject): Promise<Row> {
  const prefix = createPrompt(PREFIX_WORDS, 50_000);
  const timeTail = async (tail: number): Promise<number> => {
    const prompt = `${prefix} ${createPrompt(TAIL_WORDS, 50_001 + tail)}`;
    return (await write(app, { prompt, maxTokens: 1 })).firstTokenMs;
  };
  await write(app, { prompt: createPrompt(TAIL_WORDS, 1), maxTokens: 1 });
  const cold = await timeTail(0);
  const warm: number[] = [];
  for (let tail = 1; tail <= REPEATS; tail += 1) {
    warm.push(await timeTail(tail));
    if (median(warm) > SLOW_MS) break;
  }
  return {
    name: `${subject.name}, ${PREFIX_WORDS} tokens read before`,
    ours: `${(cold / median(warm)).toFixed(1)}× sooner, ${median(warm).toFixed(0)} ms`,
    peer: `the first time ${cold.toFixed(0)} ms`,
    goal: '≥ 10×',
  };
}
