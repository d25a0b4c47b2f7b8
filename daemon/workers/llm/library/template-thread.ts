import { parentPort, workerData } from 'node:worker_threads';
import type { ChatModelFunctions, ChatWrapper, LlamaTextJSON } from 'node-llama-cpp';
import { LlamaText, resolveChatWrapper } from 'node-llama-cpp';
import type { ChatItem } from '../chat/chat-prompt.ts';
import type { CallSyntax, ChatFormat, PromptPiece, ThoughtSyntax } from '../chat/chat-format.ts';
import type { Tool } from '../ops.ts';
import { boundLists } from './bound-lists.ts';

/** What the thread is told of a model. */
export interface TemplateModel {
  readonly template: string;
  readonly bosText: string | null;
  readonly architecture: string | undefined;
  readonly name: string | undefined;
  /** No rendering may have more characters. */
  readonly maxCharacters: number;
}

export interface RenderOrder {
  readonly items: readonly ChatItem[];
  readonly tools: readonly Tool[];
}

export interface Rendering {
  readonly pieces: readonly PromptPiece[];
  /** What ends the turn of the model; each in pieces. */
  readonly stops: readonly (readonly PromptPiece[])[];
}

export type FromTemplateThread =
  | { readonly type: 'started' }
  | { readonly type: 'ready'; readonly format: ChatFormat }
  | { readonly type: 'rendered'; readonly rendering: Rendering }
  | { readonly type: 'failed' };

/** What the library gives a template that has no syntax for calls. */
const DEFAULT_CALL = '||call:';

/** Renders prompts by the template of one model, apart from everything else: a template is a program. */
function serve(port: NonNullable<typeof parentPort>, model: TemplateModel): void {
  const send = (message: FromTemplateThread): void => {
    port.postMessage(message);
  };
  const attempt = (make: () => FromTemplateThread): void => {
    send({ type: 'started' });
    try {
      send(make());
    } catch {
      send({ type: 'failed' });
    }
  };
  let wrapper: ChatWrapper | undefined;
  const open = (): void => {
    attempt(() => {
      wrapper = openWrapper(model);
      return { type: 'ready', format: formatOf(wrapper) };
    });
    if (wrapper === undefined) port.close();
  };
  port.on('message', (order: RenderOrder) => {
    attempt(() => {
      if (wrapper === undefined) throw new Error('the template did not open');
      return { type: 'rendered', rendering: render(wrapper, order, model.maxCharacters) };
    });
  });
  // A thread that is ended while its modules are still evaluated takes the whole process with it.
  setImmediate(open);
}

/**
 * The model's own template as it is: the library also knows equals of some, which write calls in other words than
 * the template, or leave parts of an answer to their callers.
 */
function openWrapper(model: TemplateModel): ChatWrapper {
  boundRenderings(resolveTemplate(HARMLESS, model), model.maxCharacters);
  return resolveTemplate(model.template, model);
}

function resolveTemplate(
  template: string,
  { bosText, architecture, name }: TemplateModel,
): ChatWrapper {
  const metadata = { general: { architecture, name }, tokenizer: { chat_template: template } };
  const wrapper = resolveChatWrapper({
    type: 'jinjaTemplate',
    bosString: bosText,
    fileInfo: { metadata } as never,
    warningLogs: false,
    fallbackToOtherWrappersOnJinjaError: false,
  });
  if (wrapper === null) throw new Error('no wrapper');
  return wrapper;
}

const HARMLESS = '{% for message in messages %}{{ message.content }}{% endfor %}';

/**
 * Refuses a rendering for its length before anything reads it: until then a long text is a tree of short ones, and
 * one allocation of its whole size would end the process, whatever limits the thread has.
 */
function boundRenderings(wrapper: ChatWrapper, maxCharacters: number): void {
  const renderer: unknown = '_jinjaTemplate' in wrapper ? wrapper._jinjaTemplate : undefined;
  const prototype: unknown = Object.getPrototypeOf(renderer);
  if (typeof prototype !== 'object' || prototype === null || !('render' in prototype)) {
    throw new Error('this version of the library renders in another way');
  }
  const { render } = prototype;
  if (typeof render !== 'function')
    throw new Error('this version of the library renders in another way');
  prototype.render = function renderBounded(this: unknown, ...values: unknown[]): string {
    const text: unknown = Reflect.apply(render, this, values);
    if (typeof text !== 'string' || text.length > maxCharacters) throw new Error('too long');
    return text;
  };
}

function render(
  wrapper: ChatWrapper,
  { items, tools }: RenderOrder,
  maxCharacters: number,
): Rendering {
  const functions = Object.fromEntries(
    tools.map(({ name, description, parameters }) => [name, { description, params: parameters }]),
  ) as ChatModelFunctions;
  const { contextText, stopGenerationTriggers } = wrapper.generateContextState({
    chatHistory: items,
    ...(tools.length === 0 ? {} : { availableFunctions: functions }),
  });
  const pieces = toPieces(contextText);
  const characters = pieces.reduce(
    (sum, piece) => sum + ('text' in piece ? piece.text.length : 1),
    0,
  );
  if (characters > maxCharacters) throw new Error('too long');
  return { pieces, stops: stopGenerationTriggers.map(toPieces) };
}

function formatOf(wrapper: ChatWrapper): ChatFormat {
  return { calls: callsOf(wrapper), thought: thoughtOf(wrapper) };
}

function callsOf(wrapper: ChatWrapper): CallSyntax | undefined {
  const { call, parallelism } = wrapper.settings.functions;
  const opening = toPieces(LlamaText([parallelism?.call.sectionPrefix ?? '', call.prefix]));
  const own = LlamaText(call.prefix).toString().trim();
  if (own === '' || own.startsWith(DEFAULT_CALL)) return undefined;
  // Arguments as a text that contains JSON: no grammar here writes them.
  if ('_stringifyFunctionParams' in wrapper && wrapper._stringifyFunctionParams === true) {
    return undefined;
  }
  const none = call.emptyCallParamsPlaceholder;
  return {
    opening,
    beforeArguments: toPieces(LlamaText(call.paramsPrefix)),
    closing: toPieces(LlamaText(call.suffix)),
    next:
      parallelism === undefined
        ? undefined
        : toPieces(LlamaText([parallelism.call.betweenCalls ?? '', call.prefix])),
    noArguments: none === undefined || none === '' ? '' : JSON.stringify(none),
  };
}

function thoughtOf(wrapper: ChatWrapper): ThoughtSyntax | undefined {
  const thought = wrapper.settings.segments?.thought;
  if (thought?.suffix === undefined) return undefined;
  const { prefix } = thought;
  const isOpened = typeof prefix === 'object' && 'type' in prefix;
  return {
    opening: isOpened ? [] : toPieces(LlamaText(prefix)),
    closing: toPieces(LlamaText(thought.suffix)),
    isOpenAtStart: isOpened || thought.openOnResponseStart === true,
    isKept: 'keepOnlyLastThought' in wrapper && wrapper.keepOnlyLastThought === false,
  };
}

function toPieces(text: { toJSON(): LlamaTextJSON }): PromptPiece[] {
  return [text.toJSON()].flat().map((value): PromptPiece => {
    if (typeof value === 'string') return { kind: 'text', text: value };
    if (value.type === 'specialTokensText') return { kind: 'template', text: value.value };
    return { kind: 'token', name: value.value as Extract<PromptPiece, { name: string }>['name'] };
  });
}

if (parentPort !== null) {
  boundLists();
  serve(parentPort, workerData as TemplateModel);
}
