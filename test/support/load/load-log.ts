import type { Answered } from '../call-wire.ts';
import { type LoadKind, type LoadRequest, textKeyOf } from './load-request.ts';

/** What many callers saw. */
export interface LoadReport {
  /** Answers by kind of call, then by outcome: `ok` or the reason of the error. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Of the calls that were answered with a result, from call to answer. */
  readonly latenciesMs: Readonly<Record<string, readonly number[]>>;
  /** Whatever no caller should ever see. */
  readonly violations: readonly string[];
}

/** Reasons that a caller must be ready for, beside Cancelled where it cancelled. */
export type ExpectedReasons = readonly string[];

/** Keeps and judges the answers of a load. */
export class LoadLog {
  readonly #expected: ExpectedReasons;
  readonly #outcomes: Record<string, Record<string, number>> = {};
  readonly #latenciesMs: Record<string, number[]> = {};
  readonly #violations: string[] = [];
  readonly #texts = new Map<string, string>();
  /** Of calls that ended early: beginnings of a text that may not be known yet. */
  readonly #beginnings: { readonly key: string; readonly text: string }[] = [];
  readonly #waiting = new Set<{ readonly kind: LoadKind; readonly resolve: () => void }>();

  constructor(expected: ExpectedReasons) {
    this.#expected = expected;
  }

  record(request: LoadRequest, answered: Answered): void {
    const { kind } = request;
    const outcome = answered.error?.data.reason ?? 'ok';
    const outcomes = (this.#outcomes[kind] ??= {});
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    this.#checkText(request, answered);
    if (answered.error !== undefined) {
      this.#checkError(request, answered.error.data.reason);
      return;
    }
    (this.#latenciesMs[kind] ??= []).push(answered.endedAtMs - answered.startedAtMs);
    for (const waiter of [...this.#waiting].filter((one) => one.kind === kind)) {
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }

  /** Resolves at the next call of that kind that is answered with a result. */
  nextSuccess(kind: LoadKind): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add({ kind, resolve });
    });
  }

  count(kind: LoadKind, outcome: string): number {
    return this.#outcomes[kind]?.[outcome] ?? 0;
  }

  report(violations: readonly string[]): LoadReport {
    const broken = this.#beginnings.filter(
      ({ key, text }) => this.#texts.get(key)?.startsWith(text) === false,
    );
    return {
      outcomes: this.#outcomes,
      latenciesMs: this.#latenciesMs,
      violations: [
        ...violations,
        ...this.#violations,
        ...broken.map(({ key }) => `a text that ended early began differently: ${key}`),
      ],
    };
  }

  #checkError({ kind, cancelAfterMs }: LoadRequest, reason: string): void {
    if (reason === 'Cancelled' && cancelAfterMs !== undefined) return;
    if (!this.#expected.includes(reason)) this.#violations.push(`${kind} answered ${reason}`);
  }

  #checkText(request: LoadRequest, { pieces, result }: Answered): void {
    const key = textKeyOf(request);
    if (key === undefined) return;
    const streamed = pieces.map(({ text }) => text).join('');
    if (result === undefined) {
      this.#beginnings.push({ key, text: streamed });
      return;
    }
    const text = result['content'] as string;
    if (text !== streamed) this.#violations.push(`the stream was not the answer: ${key}`);
    const known = this.#texts.get(key);
    if (known === undefined) this.#texts.set(key, text);
    else if (known !== text) this.#violations.push(`another text than before: ${key}`);
  }
}
