import type { CallWire } from '../../support/call-wire.ts';
import { createPrompt } from '../../support/prompts.ts';
import { createRandom } from '../../support/random.ts';
import { percentile, type Row, wait } from '../measure.ts';
import { countTokens, firstTokenAtMs, write } from './apps.ts';
import type { Subject } from './subject.ts';

const LONG_TEXT = 1000;

/**
 * From a cancel to the first token of the call behind it, in a daemon that writes one text at a time: the
 * place of the cancelled call is free by then, and one short prompt is read.
 */
export async function benchCancel(app: CallWire, subject: Subject): Promise<readonly Row[]> {
  const { rounds, promptWords, longestWaitMs } = subject.cancel;
  const random = createRandom(7);
  const measure = async (phase: Phase): Promise<Row> => {
    await write(app, { prompt: 'Once', maxTokens: 1 });
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const words = phase === 'reading' ? promptWords : 4;
      const prompt = createPrompt(words, 70_000 + round + (phase === 'reading' ? 0 : 1000));
      times.push(await timeCancel(app, { prompt, phase, waitMs: random() * longestWaitMs }));
    }
    return {
      name: `${subject.name}, cancel while ${phase} → next call's first token`,
      ours: `p50 ${percentile(times, 50).toFixed(1)}, p99 ${percentile(times, 99).toFixed(1)} ms`,
      goal: 'p99 < 100 ms',
    };
  };
  return [await measure('reading'), await measure('writing')];
}

type Phase = 'reading' | 'writing';

interface Cancelled {
  readonly prompt: string;
  readonly phase: Phase;
  readonly waitMs: number;
}

async function timeCancel(app: CallWire, { prompt, phase, waitMs }: Cancelled): Promise<number> {
  const long = app.start('llm.complete', { prompt, maxTokens: LONG_TEXT, temperature: 0 });
  if (phase === 'writing') await wait(waitMs);
  const next = app.start('llm.complete', { prompt: 'Once', maxTokens: 1, temperature: 0 });
  await wait(phase === 'reading' ? waitMs : 1);
  const cancelledAt = performance.now();
  long.cancel();
  const [stopped, answered] = await Promise.all([long.answer, next.answer]);
  if (stopped.error?.data.reason !== 'Cancelled') throw new Error('the call ended by itself');
  countTokens(answered);
  return firstTokenAtMs(answered) - cancelledAt;
}
