import { RpcError } from '@locara/protocol/errors';
import type { CallSyntax, PromptPiece } from '../chat/chat-format.ts';
import { textOf } from '../chat/chat-format.ts';
import type { Tool, ToolChoice } from '../ops.ts';
import { createPauses } from '../pause.ts';
import type { GrammarSchema } from '../schema/grammar-schema.ts';
import { toGrammarSchema } from '../schema/response-schema.ts';
import { writeChoice, writeGrammar } from '../schema/write-grammar.ts';
import type { TextModel } from '../text-model.ts';

/** What a turn may have, whatever the template allows. */
const MAX_CALLS = 32;
/** Of all tools of a call together: each schema has its own bound. */
const MAX_GRAMMAR_CHARACTERS = 256 * 1024;

/** The calls that an answer may have. */
export interface CallPlan {
  readonly first: Opening;
  /** Of the calls after the first; undefined when there is only one. */
  readonly next: Opening | undefined;
  readonly functions: ReadonlyMap<string, FunctionPlan>;
  /** Where there is but one function, its name is written without asking the model. */
  readonly only: FunctionPlan | undefined;
  /** Grammar of the names, each followed by `nameEnd`. */
  readonly names: object;
  readonly nameEnd: string;
  readonly beforeArguments: readonly PromptPiece[];
  readonly closing: readonly PromptPiece[];
  readonly noArguments: string;
  /** Whether the answer has to be a call. */
  readonly isForced: boolean;
  readonly maxCalls: number;
}

/** How a call begins: what the model writes of it, and what is then written for it. */
export interface Opening {
  readonly trigger: string;
  readonly text: string;
  /** Plain JSON is a call only where an answer begins with it. */
  readonly isOnlyAtStart: boolean;
}

export interface FunctionPlan {
  readonly name: string;
  /** Undefined of a function without parameters. */
  readonly parameters: { readonly schema: GrammarSchema; readonly grammar: object } | undefined;
}

/** What the caller offers, and wants. */
export interface Offer {
  readonly tools: readonly Tool[];
  readonly choice: ToolChoice;
  /** Of the model’s template; undefined where it knows no calls. */
  readonly syntax: CallSyntax | undefined;
}

const CANNOT_CALL =
  'This model cannot call tools: its own chat template knows no calls. Use a model whose template does, or responseFormat.';

/** Throws Unavailable when the template knows no calls, InvalidParams for tools that cannot be offered. */
export async function planCalls(
  model: TextModel,
  { tools, choice, syntax }: Offer,
): Promise<CallPlan | undefined> {
  const allowed = chooseTools(tools, choice);
  if (allowed.length === 0) return undefined;
  if (syntax === undefined) {
    throw new RpcError('Unavailable', CANNOT_CALL, {
      details: { parameter: 'tools' },
    });
  }
  const functions = await planFunctions(model, tools, allowed);
  const beforeArguments = textOf(syntax.beforeArguments);
  // One character tells where a name ends, unless names could have it.
  const nameEnd = /^[\w-]/.test(beforeArguments) ? beforeArguments : beforeArguments.slice(0, 1);
  const names = [...functions.keys()].map((name) => `${name}${nameEnd}`);
  return {
    ...planOpenings(syntax),
    functions,
    only: functions.size === 1 ? functions.values().next().value : undefined,
    names: await model.createGrammar(writeChoice(names)),
    nameEnd,
    beforeArguments: syntax.beforeArguments,
    closing: syntax.closing,
    noArguments: syntax.noArguments,
    isForced: choice !== 'auto',
    maxCalls: typeof choice === 'object' || syntax.next === undefined ? 1 : MAX_CALLS,
  };
}

function chooseTools(tools: readonly Tool[], choice: ToolChoice): readonly Tool[] {
  const names = new Set(tools.map(({ name }) => name));
  if (names.size < tools.length) refuse('tool_name_twice', '/tools');
  if (choice === 'none') return [];
  if (typeof choice === 'object') {
    const chosen = tools.filter(({ name }) => name === choice.name);
    return chosen.length === 0 ? refuse('unknown_tool', '/toolChoice') : chosen;
  }
  return choice === 'required' && tools.length === 0 ? refuse('no_tools', '/toolChoice') : tools;
}

async function planFunctions(
  model: TextModel,
  tools: readonly Tool[],
  allowed: readonly Tool[],
): Promise<ReadonlyMap<string, FunctionPlan>> {
  const pause = createPauses();
  const functions = new Map<string, FunctionPlan>();
  let characters = 0;
  for (const [index, { name, parameters }] of tools.entries()) {
    const path = `/tools/${index}/parameters`;
    const schema = parameters === undefined ? undefined : toParameters(parameters, path);
    if (!allowed.some((tool) => tool.name === name)) continue;
    if (schema === undefined) functions.set(name, { name, parameters: undefined });
    else {
      const text = writeGrammar(schema);
      characters += text.length;
      if (characters > MAX_GRAMMAR_CHARACTERS) refuse('schema_too_large', '/tools');
      const grammar = await model
        .createGrammar(text)
        .catch(() => refuse('schema_without_grammar', path));
      functions.set(name, { name, parameters: { schema, grammar } });
    }
    await pause();
  }
  return functions;
}

function toParameters(parameters: Readonly<Record<string, unknown>>, path: string): GrammarSchema {
  // Some writers of schemas leave out the type of an object without members.
  const isEmpty = Object.keys(parameters).length === 0;
  const schema = toGrammarSchema(isEmpty ? { type: 'object' } : parameters, path);
  return schema['type'] === 'object' ? schema : refuse('parameters_not_an_object', path);
}

function planOpenings({ opening, next }: CallSyntax): Pick<CallPlan, 'first' | 'next'> {
  return {
    first: toOpening(textOf(opening)),
    next: next === undefined ? undefined : toOpening(textOf(next)),
  };
}

function toOpening(raw: string): Opening {
  const text = raw.trimStart();
  const tag = /^[<[][^\s{"]{2,}/.exec(text)?.[0];
  return { text, trigger: tag ?? text.trimEnd(), isOnlyAtStart: tag === undefined };
}

function refuse(rule: string, path: string): never {
  throw new RpcError('InvalidParams', 'The tools cannot be offered.', { details: { rule, path } });
}
