import type { DetectionSettings, Finding, RedactionSettings } from '../redaction/redaction-ops.ts';
import {
  assertMayPass,
  countEntities,
  createReplacer,
} from '../redaction/replacement/create-replacer.ts';
import { editText } from '../redaction/replacement/edit-text.ts';
import { openPlaceholderBook } from '../redaction/replacement/placeholder-book.ts';
import { createTaskQueue } from '../../task-queue.ts';
import {
  BLOCK_BEGIN,
  decide,
  firstTokenEnd,
  HOLD_BACK_BLOCK_CHARS,
  HOLD_BACK_TOKEN_CHARS,
  mayMatter,
} from './hold-back.ts';
import type { RedactionStream } from './redactor.ts';
import type { RestoreMap } from './restore-maps.ts';

/** As far back as any word decides about a number, and what cannot be seen between. */
const CONTEXT_CHARS = 256;

/** What a stream is given of the redactor that opens it. */
export interface StreamParts {
  readonly settings: RedactionSettings;
  /** In the privacy worker. */
  readonly detect: (text: string, settings: DetectionSettings) => Promise<readonly Finding[]>;
  readonly onFound: (counts: Readonly<Record<string, number>>) => void;
  /** With placeholders. */
  readonly map?: RestoreMap | undefined;
  /** With pseudonyms. */
  readonly pseudonymKey?: (() => Promise<Uint8Array>) | undefined;
}

/** Pieces are looked at one after the other; after a failure none comes out any more. */
export function openRedactionStream(parts: StreamParts): RedactionStream {
  const pieces = new StreamedText(parts);
  const inOrder = createTaskQueue();
  let failure: { readonly error: unknown } | undefined;
  const run = (task: () => Promise<string>): Promise<string> =>
    inOrder(async () => {
      if (failure !== undefined) throw failure.error;
      try {
        return await task();
      } catch (error) {
        failure = { error };
        throw error;
      }
    });
  return {
    push: (delta) => run(() => pieces.push(delta)),
    end: () => run(() => pieces.end()),
    get counts() {
      return pieces.counts;
    },
    ...(parts.map === undefined ? {} : { restoreId: parts.map.id }),
  };
}

/** A text of which the end is not known yet. */
class StreamedText {
  readonly #parts: StreamParts;
  readonly #counts = new Map<string, number>();
  /** The end of what was handed on, as it was. */
  #before = '';
  #held = '';
  /** An entity longer than what is ever held back goes on: nothing of it comes out. */
  #isInsideEntity = false;

  constructor(parts: StreamParts) {
    this.#parts = parts;
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  async push(delta: string): Promise<string> {
    this.#hold(delta);
    const { decided, matters } = decide(this.#text, { hasOwnPatterns: this.#hasOwnPatterns });
    if (decided === 0) return '';
    if (!matters) return this.#handOn(decided);
    const findings = await this.#detect();
    return this.#redact(findings, this.#limitOf(decided, findings));
  }

  async end(): Promise<string> {
    if (this.#held === '') return '';
    if (!this.#hasOwnPatterns && !mayMatter(this.#text)) return this.#handOn(this.#held.length);
    return this.#redact(await this.#detect(), this.#held.length);
  }

  get #hasOwnPatterns(): boolean {
    return (this.#parts.settings.custom?.length ?? 0) > 0;
  }

  get #text() {
    return { before: this.#before, held: this.#held };
  }

  #hold(delta: string): void {
    this.#held += delta;
    if (!this.#isInsideEntity) return;
    const end = firstTokenEnd(this.#held);
    if (end < this.#held.length) this.#isInsideEntity = false;
    this.#held = this.#held.slice(end);
  }

  #detect(): Promise<readonly Finding[]> {
    return this.#parts.detect(this.#before + this.#held, this.#parts.settings);
  }

  /** An entity that reaches into what may still change waits for the rest, as long as that can be held back. */
  #limitOf(decided: number, findings: readonly Finding[]): number {
    const base = this.#before.length;
    const limit = base + decided;
    const open = findings.find(({ start, end }) => start < limit && end > limit);
    if (open === undefined) return decided;
    const start = Math.max(0, open.start - base);
    const hasBlock = this.#held.includes(BLOCK_BEGIN, start);
    const longest = hasBlock ? HOLD_BACK_BLOCK_CHARS : HOLD_BACK_TOKEN_CHARS;
    if (this.#held.length - start <= longest) return start;
    this.#isInsideEntity = open.end - base === this.#held.length;
    return open.end - base;
  }

  async #redact(findings: readonly Finding[], length: number): Promise<string> {
    if (length === 0) return '';
    const base = this.#before.length;
    const found = findings.filter(({ start, end }) => end > base && start < base + length);
    const { settings, onFound } = this.#parts;
    if (found.length > 0) onFound(this.#count(found));
    assertMayPass(settings.replacement, found);
    const text = await this.#edit(found, base + length);
    this.#handOn(length);
    return text;
  }

  async #edit(findings: readonly Finding[], to: number): Promise<string> {
    const { map, settings, pseudonymKey } = this.#parts;
    const text = this.#before + this.#held;
    const key = findings.length > 0 ? await pseudonymKey?.() : undefined;
    const from = this.#before.length;
    if (findings.length === 0) return text.slice(from, to);
    if (map === undefined) {
      const parts = { book: openPlaceholderBook(), pseudonymKey: key };
      const replacer = createReplacer(settings.replacement, parts);
      return editText(text, { findings, replacer, from, to });
    }
    return map.exclusively(() => {
      const book = map.book();
      book.avoid(text);
      const given = book.issued.length;
      const replacer = createReplacer(settings.replacement, { book });
      const edited = editText(text, { findings, replacer, from, to });
      map.add(book.issued.slice(given));
      return Promise.resolve(edited);
    });
  }

  #count(found: readonly Finding[]): Readonly<Record<string, number>> {
    const counts = countEntities(found);
    for (const [entity, count] of Object.entries(counts)) {
      this.#counts.set(entity, (this.#counts.get(entity) ?? 0) + count);
    }
    return counts;
  }

  /** Takes so much of what was held, as it was. */
  #handOn(length: number): string {
    const text = this.#held.slice(0, length);
    this.#before = (this.#before + text).slice(-CONTEXT_CHARS);
    this.#held = this.#held.slice(length);
    return text;
  }
}
