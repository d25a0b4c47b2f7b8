import { Worker } from 'node:worker_threads';
import { RpcError } from '@locara/protocol/errors';
import type { ChatFormat } from '../chat/chat-format.ts';
import type {
  FromTemplateThread,
  RenderOrder,
  Rendering,
  TemplateModel,
} from './template-thread.ts';

/** The chat template of a model: a program that came with its file, run in a thread with limits. */
export interface ChatTemplate {
  readonly format: ChatFormat;
  render(order: RenderOrder): Promise<Rendering>;
}

/** Reading a template tries many conversations; a rendering is one. */
export interface TemplateLimits {
  readonly openMs: number;
  readonly renderMs: number;
  readonly heapMib: number;
}

/** Of the thread itself, on a machine that is busy. */
const START_MS = 60_000;
const LIMITS: TemplateLimits = { openMs: 20_000, renderMs: 5000, heapMib: 768 };

/** Throws Unavailable, rule `chat_template`, when the template fails, does not end or takes too much memory. */
export async function openChatTemplate(
  model: TemplateModel,
  limits: TemplateLimits = LIMITS,
): Promise<ChatTemplate> {
  const thread = new TemplateThread(model, limits);
  const format = await thread.open();
  return { format, render: (order) => thread.render(order) };
}

/** One thread at a time; after a failure the next order starts another. */
class TemplateThread {
  readonly #model: TemplateModel;
  readonly #limits: TemplateLimits;
  #thread: Worker | undefined;
  /** The end of the last order: one follows the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(model: TemplateModel, limits: TemplateLimits) {
    this.#model = model;
    this.#limits = limits;
  }

  async open(): Promise<ChatFormat> {
    const thread = startThread(this.#model, this.#limits.heapMib);
    this.#thread = thread;
    const message = await this.#receive(thread, this.#limits.openMs);
    if (message.type === 'ready') return message.format;
    // It ends by itself.
    this.#thread = undefined;
    throw templateError();
  }

  render(order: RenderOrder): Promise<Rendering> {
    const rendering = this.#last.then(() => this.#renderNext(order));
    this.#last = rendering.catch(() => undefined);
    return rendering;
  }

  async #renderNext(order: RenderOrder): Promise<Rendering> {
    if (this.#thread === undefined) await this.open();
    const thread = this.#thread;
    if (thread === undefined) throw this.#fail();
    const answer = this.#receive(thread, this.#limits.renderMs);
    thread.postMessage(order);
    const message = await answer;
    if (message.type !== 'rendered') throw templateError();
    return message.rendering;
  }

  /** The next answer, in time; what starts first has time of its own. */
  #receive(thread: Worker, timeoutMs: number): Promise<FromTemplateThread> {
    const { promise, resolve, reject } = Promise.withResolvers<FromTemplateThread>();
    const fail = (): void => {
      reject(this.#fail());
    };
    let timer = setTimeout(fail, START_MS);
    const restart = (): void => {
      clearTimeout(timer);
      timer = setTimeout(fail, timeoutMs);
    };
    const take = (message: FromTemplateThread): void => {
      if (message.type === 'started') restart();
      else resolve(message);
    };
    thread.on('message', take).once('error', fail).once('exit', fail);
    return promise.finally(() => {
      clearTimeout(timer);
      thread.off('message', take).off('error', fail).off('exit', fail);
    });
  }

  /** Nothing more is heard of the thread. */
  #fail(): RpcError {
    void this.#thread?.terminate();
    this.#thread = undefined;
    return templateError();
  }
}

function startThread(model: TemplateModel, heapMib: number): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const thread = new Worker(new URL(`./template-thread.${extension}`, import.meta.url), {
    workerData: model,
    resourceLimits: { maxOldGenerationSizeMb: heapMib, maxYoungGenerationSizeMb: 32 },
    // What a library has to say about a conversation is nobody's.
    stdout: true,
    stderr: true,
  });
  thread.stdout.resume();
  thread.stderr.resume();
  thread.on('error', () => undefined);
  thread.unref();
  return thread;
}

function templateError(): RpcError {
  return new RpcError('Unavailable', 'The chat template of the model cannot be used.', {
    details: { rule: 'chat_template' },
  });
}
