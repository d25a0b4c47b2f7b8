import { type Answered, type CallWire, openCallWire } from '../../support/call-wire.ts';
import type { DaemonProcess } from '../../support/daemon-process.ts';
import { createPrompt } from '../../support/prompts.ts';
import type { RawCredentials } from '../../support/raw-client.ts';
import { type Row, wait } from '../measure.ts';
import { countTokens } from './apps.ts';
import type { Subject } from './subject.ts';

const FLOOD = { connections: 4, callsPerConnection: 25 };
const MAX_RETRY_MS = 500;

/** Tokens that each of eight equal apps is served in a window, while the first keeps a hundred calls open. */
export async function benchFairness(
  daemon: DaemonProcess,
  apps: readonly RawCredentials[],
  subject: Subject,
): Promise<Row> {
  const { runInMs, windowMs, maxTokens } = subject.fairness;
  const startMs = performance.now() + runInMs;
  const window = { startMs, endMs: startMs + windowMs };
  const loops = await Promise.all(
    apps.map((app, index) => openLoops(daemon, app, index === 0 ? FLOOD : ONE_CALL)),
  );
  const served = loops.map((wires, app) => {
    const finished = { chars: 0, tokens: 0 };
    const tally: Tally = { windowChars: 0, finished, busy: 0, others: 0 };
    const running = wires.map((wire, lane) =>
      repeatUntil(window.endMs, wire, {
        maxTokens,
        seed: 100_000 + app * 10_000 + lane * 100,
        count: (answered) => {
          tallyAnswer(tally, answered, window);
        },
      }),
    );
    return { tally, running };
  });
  await Promise.all(served.map(({ running }) => Promise.all(running)));
  for (const wire of new Set(loops.flat())) wire.end();
  return describe(
    subject,
    served.map(({ tally }) => tally),
  );
}

/** One entry for each call that is to be open at any time. */
async function openLoops(
  { appSocket }: DaemonProcess,
  app: RawCredentials,
  { connections, callsPerConnection }: typeof FLOOD,
): Promise<readonly CallWire[]> {
  const wires = await Promise.all(
    Array.from({ length: connections }, () => openCallWire(appSocket, app)),
  );
  return wires.flatMap((wire) => Array.from({ length: callsPerConnection }, () => wire));
}

const ONE_CALL = { connections: 1, callsPerConnection: 1 };

interface Loop {
  readonly maxTokens: number;
  readonly seed: number;
  readonly count: (answered: Answered) => void;
}

/** Asks again as soon as it is answered, or after the wait that a busy daemon asks for. What is open at the end is cancelled. */
async function repeatUntil(endMs: number, wire: CallWire, loop: Loop): Promise<void> {
  for (let round = 0; performance.now() < endMs; round += 1) {
    const prompt = createPrompt(8, loop.seed + round);
    const params = { prompt, maxTokens: loop.maxTokens, temperature: 0 };
    const call = wire.start('llm.complete', params);
    const timer = setTimeout(() => {
      call.cancel();
    }, endMs - performance.now());
    const answered = await call.answer;
    clearTimeout(timer);
    loop.count(answered);
    const retryAfterMs = Number(answered.error?.data.details?.['retryAfterMs'] ?? MAX_RETRY_MS);
    if (answered.error !== undefined) await wait(Math.min(retryAfterMs, MAX_RETRY_MS));
  }
}

/** What one app was served. */
interface Tally {
  /** Characters that arrived in the window, of texts that ended later too. */
  windowChars: number;
  /** Of the texts that were finished, whose tokens the daemon counted. */
  finished: { chars: number; tokens: number };
  busy: number;
  /** Refusals of another kind. */
  others: number;
}

interface Window {
  readonly startMs: number;
  readonly endMs: number;
}

function tallyAnswer(tally: Tally, answered: Answered, { startMs, endMs }: Window): void {
  const { pieces, error } = answered;
  const reason = error?.data.reason;
  if (reason === 'Busy') tally.busy += 1;
  else if (reason !== undefined && reason !== 'Cancelled') tally.others += 1;
  tally.windowChars += countChars(pieces.filter(({ atMs }) => atMs >= startMs && atMs < endMs));
  if (error !== undefined) return;
  tally.finished.chars += countChars(pieces);
  tally.finished.tokens += countTokens(answered);
}

function countChars(pieces: Answered['pieces']): number {
  return pieces.reduce((sum, { text }) => sum + text.length, 0);
}

/** Tokens arrive in pieces of several, and some texts are cut off: all count by the app's own length of a token. */
function windowTokens({ windowChars, finished }: Tally): number {
  return (windowChars * finished.tokens) / finished.chars;
}

function describe(subject: Subject, tallies: readonly Tally[]): Row {
  const tokens = tallies.map(windowTokens);
  const ratio = Math.max(...tokens) / Math.min(...tokens);
  const sum = (field: 'busy' | 'others'): number =>
    tallies.reduce((total, tally) => total + tally[field], 0);
  const others = sum('others') === 0 ? '' : `, ${sum('others')} refused otherwise`;
  return {
    name: `${subject.name}, 8 apps, one with 100 calls`,
    ours: `max/min ${ratio.toFixed(2)}; ${tokens.map((count) => count.toFixed(0)).join(' ')} tokens; ${sum('busy')} Busy${others}`,
    goal: 'max/min ≤ 1.25',
  };
}
