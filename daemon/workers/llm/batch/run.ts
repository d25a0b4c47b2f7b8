import { RpcError } from '@locara/protocol/errors';
import type { Token } from '../token.ts';
import type { Caller } from '../ops.ts';
import type { RunRequest, ScoreRequest } from './batch.ts';
import type { Seat } from './sequence-pool.ts';

/** What has its turns beside others' of the same model. */
export interface Laned {
  readonly request: { readonly caller: Caller };
  /** The step in which it last took part: who waited longest is next. */
  readonly stepAt: number;
}

/** A text on its way through the batch. */
export interface Run extends Laned {
  readonly request: RunRequest | ScoreRequest;
  /** All tokens that were ever given to it: its prompt, and what came after. */
  readonly tokens: Token[];
  /** Tokens of the prompt; those behind it came while the text was written. */
  readonly promptLength: number;
  /** Undefined while it waits, or has to wait again. */
  seat: Seat | undefined;
  /** The step in which it last took part: who waited longest is next. */
  stepAt: number;
  cachedTokens: number | undefined;
  /** What became known of the tokens whose likelihood is asked for. */
  readonly logProbabilities: number[];
  readonly settlers: PromiseWithResolvers<undefined>;
  isSettled: boolean;
}

export function createRun(request: RunRequest | ScoreRequest): Run {
  const tokens = 'target' in request ? [...request.prompt, ...request.target] : [...request.prompt];
  return {
    request,
    tokens,
    promptLength: tokens.length,
    seat: undefined,
    stepAt: 0,
    cachedTokens: undefined,
    logProbabilities: [],
    settlers: Promise.withResolvers(),
    isSettled: false,
  };
}

export function readTokens({ seat }: Run): number {
  return seat?.tokens.length ?? 0;
}

export function unreadTokens(run: Run): number {
  return run.tokens.length - readTokens(run);
}

/** Whether its caller can ask for the same text again. */
export function isReproducible({ request }: Run): boolean {
  return 'isReproducible' in request && request.isReproducible;
}

/** Whether it gets its next tokens one by one, as the text is written. */
export function isWriting(run: Run): boolean {
  if ('target' in run.request) return false;
  if (unreadTokens(run) === 1) return true;
  // What was written token by token leaves other last bits when it is read at once.
  return isReproducible(run) && readTokens(run) >= run.promptLength;
}

/** Tokens that are read at once: what a reproducible text had written follows token by token. */
export function unreadAtOnce(run: Run): number {
  const unread = unreadTokens(run);
  return isReproducible(run) ? Math.min(unread, run.promptLength - readTokens(run)) : unread;
}

/** Answers its caller, once: with the error, if there is one. It keeps its seat until the next change of seats. */
export function settleRun(run: Run, error?: unknown): void {
  if (run.isSettled) return;
  run.isSettled = true;
  if (error === undefined) run.settlers.resolve(undefined);
  else run.settlers.reject(error);
}

export function laneOf({ request }: Laned): string {
  const { owner, isBackground } = request.caller;
  return `${isBackground ? 'background' : 'interactive'} ${owner}`;
}

export function cancelledError(): RpcError {
  return new RpcError('Cancelled', 'The call was cancelled.');
}
