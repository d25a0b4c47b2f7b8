import { randomBytes } from 'node:crypto';
import { RpcError } from '@locara/protocol/errors';
import type { PromptPiece } from '../chat/chat-format.ts';
import { templatePiece } from '../chat/chat-format.ts';
import type { ToolCall } from '../ops.ts';
import type { JsonEnd } from '../schema/json-end.ts';
import { createJsonEnd } from '../schema/json-end.ts';
import { satisfiesSchema } from '../schema/validate-output.ts';
import type { CallPlan, FunctionPlan, Opening } from './call-plan.ts';

/** What comes of a piece of text within a call. */
export type CallStep =
  /** The token is read as it is. */
  | { readonly type: 'continue' }
  /** Of the text of the token this much belongs to the call; after it these words are read. */
  | {
      readonly type: 'force';
      readonly kept: number;
      readonly pieces: readonly PromptPiece[];
      readonly grammar: object | undefined;
    }
  | { readonly type: 'done' };

/** Blank characters after which nobody waits for another call. */
const MAX_BLANK = 64;

/** Writes the calls of one answer: names and arguments under grammars, everything between for the model. */
export class CallWriter {
  readonly #plan: CallPlan;
  readonly #emit: (call: ToolCall) => void;
  #state: 'name' | 'arguments' | 'between' = 'between';
  #function: FunctionPlan | undefined;
  #text = '';
  #end: JsonEnd = createJsonEnd();
  #count = 0;

  constructor(plan: CallPlan, emit: (call: ToolCall) => void) {
    this.#plan = plan;
    this.#emit = emit;
  }

  /** Whether a call is begun and not over. */
  get isWithinCall(): boolean {
    return this.#state !== 'between';
  }

  /** Begins a call of which `written` is there already. */
  open(opening: Opening, written: string): Extract<CallStep, { type: 'force' }> {
    const { only, names } = this.#plan;
    const pieces = [templatePiece(opening.text.slice(written.length))];
    this.#text = '';
    if (only === undefined) {
      this.#state = 'name';
      return { type: 'force', kept: 0, pieces, grammar: names };
    }
    const step = this.#beginArguments(only);
    return { ...step, kept: 0, pieces: [...pieces, templatePiece(only.name), ...step.pieces] };
  }

  /** Takes the text of the next token. */
  push(text: string): CallStep {
    const before = this.#text.length;
    this.#text += text;
    if (this.#state === 'name') return this.#takeName(before);
    if (this.#state === 'arguments') return this.#takeArguments(text, before);
    return this.#takeBetween();
  }

  #takeName(before: number): CallStep {
    const end = this.#text.indexOf(this.#plan.nameEnd);
    if (end < 0) return { type: 'continue' };
    const own = this.#plan.functions.get(this.#text.slice(0, end));
    if (own === undefined) throw invalidCall();
    return { ...this.#beginArguments(own), kept: Math.max(0, end - before) };
  }

  #beginArguments(own: FunctionPlan): Extract<CallStep, { type: 'force' }> {
    const { beforeArguments, noArguments } = this.#plan;
    this.#function = own;
    this.#text = '';
    if (own.parameters === undefined) {
      const pieces = [...beforeArguments, templatePiece(noArguments)];
      return this.#finish('{}', { kept: 0, pieces });
    }
    this.#state = 'arguments';
    this.#end = createJsonEnd();
    const { grammar } = own.parameters;
    return { type: 'force', kept: 0, pieces: beforeArguments, grammar };
  }

  #takeArguments(text: string, before: number): CallStep {
    const end = this.#end.push(text);
    const schema = this.#function?.parameters?.schema;
    if (end === undefined || schema === undefined) return { type: 'continue' };
    const value = this.#text.slice(0, end);
    if (!satisfiesSchema(value, schema)) throw invalidCall();
    return this.#finish(value, { kept: end - before, pieces: [] });
  }

  #finish(
    value: string,
    { kept, pieces }: { readonly kept: number; readonly pieces: readonly PromptPiece[] },
  ): Extract<CallStep, { type: 'force' }> {
    const id = `call_${randomBytes(12).toString('base64url')}`;
    this.#emit({ id, name: this.#function?.name ?? '', arguments: value });
    this.#count++;
    this.#state = 'between';
    this.#text = '';
    const { closing } = this.#plan;
    const all = this.isFull ? pieces : [...pieces, ...closing];
    return { type: 'force', kept, pieces: all, grammar: undefined };
  }

  /** Whether the turn has all calls it may have. */
  get isFull(): boolean {
    return this.#count >= this.#plan.maxCalls;
  }

  #takeBetween(): CallStep {
    const { next } = this.#plan;
    const text = this.#text.trimStart();
    if (next === undefined || this.#text.length - text.length > MAX_BLANK) return { type: 'done' };
    if (text.startsWith(next.trigger)) {
      const isOwn = next.text.startsWith(text);
      return this.open(next, isOwn ? text : next.trigger);
    }
    return next.trigger.startsWith(text) ? { type: 'continue' } : { type: 'done' };
  }
}

/** The grammar should have made this impossible. */
export function invalidCall(): RpcError {
  return new RpcError('Unavailable', 'The model wrote a call that its tool does not take.', {
    details: { rule: 'output_invalid' },
  });
}
