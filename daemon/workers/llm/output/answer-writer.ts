import type { Sampler } from '../batch/batch.ts';
import type { PromptPiece } from '../chat/chat-format.ts';
import { joinPieces, templatePiece, textOf } from '../chat/chat-format.ts';
import type { JsonEnd } from '../schema/json-end.ts';
import { createJsonEnd } from '../schema/json-end.ts';
import type { ChunkWriter } from '../text/chunk-writer.ts';
import type { MarkedText } from '../text/marked-text.ts';
import { createMarkedText } from '../text/marked-text.ts';
import type { TokenText } from '../text/token-text.ts';
import { createTokenText } from '../text/token-text.ts';
import type { Token } from '../token.ts';
import type { TextModel } from '../text-model.ts';
import { findMark, marksOf } from './answer-marks.ts';
import type { CallStep } from './call-writer.ts';
import { CallWriter } from './call-writer.ts';
import type { AnswerPlan } from './plan.ts';

/** Tokens to read next; undefined at the end of the answer. */
type Next = readonly Token[] | undefined;

export interface AnswerSite {
  readonly model: TextModel;
  readonly sampler: Sampler;
  readonly chunks: ChunkWriter;
}

/**
 * Turns tokens into content, thoughts and calls, one token at a time, and says what the model reads next: the token,
 * or words of the template that are not left to the model.
 */
export class AnswerWriter {
  readonly #plan: AnswerPlan;
  readonly #site: AnswerSite;
  readonly #tokens: TokenText;
  readonly #text: MarkedText = createMarkedText();
  readonly #calls: CallWriter | undefined;
  readonly #json: JsonEnd = createJsonEnd();
  #state: 'content' | 'thought' | 'json' | 'call' | 'done';
  /** Blanks that may turn out to stand before a call, or after everything. */
  #blanks = '';
  #skipsBlanks: boolean;
  #used = 0;
  #isCut = false;

  constructor(plan: AnswerPlan, site: AnswerSite) {
    this.#plan = plan;
    this.#site = site;
    this.#tokens = createTokenText(plan.prompt.tokens);
    this.#calls =
      plan.calls &&
      new CallWriter(plan.calls, (call) => {
        site.chunks.writeCall(call);
      });
    this.#state = plan.prompt.isThinking ? 'thought' : 'content';
    this.#skipsBlanks = plan.prompt.isThinking;
  }

  /** Tokens written so far, and words of the template among them. */
  get completionTokens(): number {
    return this.#used;
  }

  get finishReason(): 'stop' | 'length' | 'tool_calls' {
    if (this.#isCut) return 'length';
    return this.#site.chunks.toolCalls.length > 0 ? 'tool_calls' : 'stop';
  }

  /** Whether the answer is over; what it must be can be all there before the model wrote a token. */
  get isOver(): boolean {
    return this.#state === 'done' || this.#isCut;
  }

  /** Words with which the answer has to begin: they are read after the prompt. */
  begin(): readonly Token[] {
    if (this.#state === 'thought') return [];
    return this.#count(this.#beginContent() ?? []) ?? [];
  }

  push(token: Token): Next {
    if (this.#site.model.isEnd(token)) {
      // The end of a thought is not the end of an answer that has to be something.
      if (this.#state !== 'thought' || !this.#mustBeSomething()) return undefined;
      return this.#count(this.#closeThought([]));
    }
    if (this.#plan.prompt.stopTokens.has(token) && this.#state !== 'json') {
      this.#used++;
      return undefined;
    }
    return this.#count(this.#take(token));
  }

  /** Sends what was held back. */
  finish(): void {
    const rest = this.#text.take(this.#text.text.length);
    if (this.#state === 'content') this.#writeContent(rest);
    if (this.#state === 'thought') this.#writeThought(rest);
    if (this.#site.chunks.toolCalls.length === 0 && this.#state !== 'thought') {
      this.#site.chunks.writeContent(this.#blanks);
    }
    this.#site.chunks.flush();
  }

  /** What does not fit any more is not read: the answer is cut. */
  #count(next: Next): Next {
    if (next === undefined) {
      this.#used++;
      return undefined;
    }
    this.#used += next.length;
    if (this.#state === 'done') return undefined;
    if (this.#used < this.#plan.sampling.maxTokens) return next;
    this.#used = Math.min(this.#used, this.#plan.sampling.maxTokens);
    this.#isCut = true;
    return undefined;
  }

  #take(token: Token): Next {
    const { model } = this.#site;
    const isSpecial = model.isSpecial(token);
    const isPlain = this.#state === 'content' || this.#state === 'thought';
    const isRead = isPlain && !isSpecial;
    const text = this.#tokens.push(token, (tokens, before) =>
      isRead ? model.detokenize(tokens, before) : model.spell(tokens, before),
    );
    if (this.#state === 'json') return this.#takeJson(token, text);
    if (this.#state === 'call') {
      return this.#calls === undefined
        ? undefined
        : this.#follow(this.#calls.push(text), { token, text });
    }
    this.#text.push(text, isSpecial);
    return this.#takePlain(token, text);
  }

  #takePlain(token: Token, text: string): Next {
    for (;;) {
      const marks = marksOf(this.#plan, this.#state === 'thought' ? 'thought' : 'content');
      const hit = findMark(this.#text, marks, this.#site.chunks.content);
      if (hit === undefined) {
        this.#write(this.#text.takeDecided(marks));
        return [token];
      }
      this.#write(this.#text.take(hit.at));
      this.#text.take(hit.mark.text.length);
      switch (hit.mark.kind) {
        case 'stop':
          this.#text.take(this.#text.text.length);
          return undefined;
        case 'call':
          return this.#openCall(token, text);
        case 'thought':
          this.#state = 'thought';
          this.#skipsBlanks = true;
          this.#blanks = '';
          break;
        case 'thoughtEnd': {
          if (this.#mustBeSomething()) return this.#closeThought([token]);
          this.#state = 'content';
          this.#skipsBlanks = true;
          this.#blanks = '';
        }
      }
    }
  }

  /** Whether what follows a thought is not free: a call that has to be, or text under a grammar. */
  #mustBeSomething(): boolean {
    return this.#plan.calls?.isForced === true || this.#plan.format !== undefined;
  }

  /** Ends a thought with the template's own words, and begins what must come. */
  #closeThought(read: readonly Token[]): Next {
    this.#text.take(this.#text.text.length);
    const closing = this.#plan.thought?.closing ?? '';
    const full = this.#plan.thought?.closingText ?? '';
    const written = read.length === 0 ? '' : full.slice(0, full.indexOf(closing) + closing.length);
    const rest = this.#force([templatePiece(full.slice(written.length))]);
    return [...read, ...rest, ...(this.#beginContent() ?? [])];
  }

  #beginContent(): Next {
    const { calls, format } = this.#plan;
    this.#blanks = '';
    if (calls?.isForced === true && this.#calls !== undefined) {
      this.#state = 'call';
      return this.#follow(this.#calls.open(calls.first, ''));
    }
    if (format !== undefined) {
      this.#state = 'json';
      this.#site.sampler.useGrammar(format.grammar);
    } else this.#state = 'content';
    return [];
  }

  #openCall(token: Token, text: string): Next {
    const { calls } = this.#plan;
    if (calls === undefined || this.#calls === undefined) return undefined;
    const rest = this.#text.take(this.#text.text.length);
    const written = calls.first.trigger + rest;
    this.#blanks = '';
    this.#state = 'call';
    if (calls.first.text.startsWith(written)) {
      const step = this.#calls.open(calls.first, written);
      return this.#follow({ ...step, kept: text.length }, { token, text });
    }
    // What the model wrote after the trigger is another way to write it: it reads the template's.
    const kept = Math.max(0, text.length - rest.length);
    const step = this.#calls.open(calls.first, calls.first.trigger);
    return this.#follow({ ...step, kept }, { token, text });
  }

  /** What comes of a step of a call, after the token that made it. */
  #follow(step: CallStep, own?: { readonly token: Token; readonly text: string }): Next {
    if (step.type === 'done') return undefined;
    const read = own === undefined ? [] : [own.token];
    if (step.type === 'continue') return read;
    if (this.#calls?.isWithinCall === false && this.#calls.isFull) this.#state = 'done';
    this.#site.sampler.useGrammar(step.grammar);
    const text = own?.text ?? '';
    if (step.kept === text.length) return [...read, ...this.#force(step.pieces)];
    return this.#force([templatePiece(text.slice(0, step.kept)), ...step.pieces]);
  }

  #force(pieces: readonly PromptPiece[]): Token[] {
    return textOf(pieces) === '' ? [] : this.#site.model.tokenizePieces(joinPieces(pieces));
  }

  #takeJson(token: Token, text: string): Next {
    const { chunks } = this.#site;
    const before = chunks.content.length;
    const end = this.#plan.format?.isBounded === true ? this.#json.push(text) : undefined;
    chunks.writeContent(end === undefined ? text : text.slice(0, end - before));
    return end === undefined ? [token] : undefined;
  }

  #write(text: string): void {
    if (this.#state === 'thought') this.#writeThought(text);
    else this.#writeContent(text);
  }

  #writeThought(text: string): void {
    this.#writeTrimmed(text, (part) => {
      this.#site.chunks.writeReasoning(part);
    });
  }

  #writeContent(text: string): void {
    const write = (part: string): void => {
      this.#site.chunks.writeContent(part);
    };
    const isExact = this.#plan.calls === undefined && !this.#skipsBlanks && this.#blanks === '';
    if (isExact) write(text);
    else this.#writeTrimmed(text, write);
  }

  /** Blanks wait for what comes after them, and those at the beginning are left out where a thought was. */
  #writeTrimmed(text: string, write: (part: string) => void): void {
    const own = this.#skipsBlanks ? text.trimStart() : this.#blanks + text;
    if (own === '') return;
    const end = own.trimEnd().length;
    this.#blanks = own.slice(end);
    if (end === 0) return;
    this.#skipsBlanks = false;
    write(own.slice(0, end));
  }
}
