import type { Generated, GeneratedChunk } from '../../workers/llm/ops.ts';
import type { RedactionStream } from '../redactor/redactor.ts';
import type { RunningPipeline } from './pipeline.ts';
import { redactJson } from './redact-json.ts';

type ToolCall = NonNullable<GeneratedChunk['toolCall']>;

/** What a model writes as it comes, and at its end the same as a whole, with whatever else is known of it. */
interface Ended {
  readonly generated: Generated;
}

/** How what a model writes is handed out. */
export interface OutputProtection {
  readonly running: RunningPipeline;
  readonly isRedacted: boolean;
  /** Then it is redacted at its end as a whole, so that it stays JSON. */
  readonly isJson: boolean;
  /** Nothing is handed out before the end, for it is sealed then. */
  readonly isSealed: boolean;
}

/** Redacts what a model writes, piece by piece: what may still become part of a name is held back. */
export async function* protectGeneration<End extends Ended>(
  generation: AsyncGenerator<GeneratedChunk, End, void>,
  { running, isRedacted, isJson, isSealed }: OutputProtection,
): AsyncGenerator<GeneratedChunk, End, void> {
  const output = isRedacted ? new RedactedOutput(running, isJson) : new PlainOutput();
  try {
    for (;;) {
      const { done, value } = await generation.next();
      if (done === true) {
        const last = await output.end();
        if (last !== undefined && !isSealed) yield last;
        return { ...value, generated: output.whole(value.generated) };
      }
      const chunk = await output.push(value);
      if (chunk !== undefined && !isSealed) yield chunk;
    }
  } finally {
    // A caller that leaves early ends the model's work too; of one that has ended this is nothing.
    await generation.return(undefined as never);
  }
}

class PlainOutput {
  push(chunk: GeneratedChunk): Promise<GeneratedChunk> {
    return Promise.resolve(chunk);
  }

  end(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  whole(generated: Generated): Generated {
    return generated;
  }
}

class RedactedOutput {
  readonly #running: RunningPipeline;
  readonly #content: RedactedText | RedactedJson;
  readonly #reasoning: RedactedText;
  readonly #toolCalls: ToolCall[] = [];

  constructor(running: RunningPipeline, isJson: boolean) {
    this.#running = running;
    this.#content = isJson ? new RedactedJson(running) : new RedactedText(running.openStream());
    this.#reasoning = new RedactedText(running.openStream());
  }

  async push({ delta, reasoning, toolCall }: GeneratedChunk): Promise<GeneratedChunk | undefined> {
    return toChunk({
      delta: await this.#content.push(delta),
      reasoning: await this.#reasoning.push(reasoning ?? ''),
      toolCall: toolCall === undefined ? undefined : await this.#redactCall(toolCall),
    });
  }

  async end(): Promise<GeneratedChunk | undefined> {
    return toChunk({ delta: await this.#content.end(), reasoning: await this.#reasoning.end() });
  }

  whole({ toolCalls, reasoning, ...generated }: Generated): Generated {
    return {
      ...generated,
      content: this.#content.text,
      ...(reasoning === undefined ? {} : { reasoning: this.#reasoning.text }),
      ...(toolCalls === undefined ? {} : { toolCalls: this.#toolCalls }),
    };
  }

  async #redactCall(toolCall: ToolCall): Promise<ToolCall> {
    const redacted = {
      ...toolCall,
      arguments: await redactJson(this.#running, toolCall.arguments),
    };
    this.#toolCalls.push(redacted);
    return redacted;
  }
}

/** One text in pieces, and what of it was handed on. */
class RedactedText {
  readonly #stream: RedactionStream | undefined;
  text = '';

  constructor(stream: RedactionStream | undefined) {
    this.#stream = stream;
  }

  async push(delta: string): Promise<string> {
    if (delta === '') return '';
    return this.#handOn(this.#stream === undefined ? delta : await this.#stream.push(delta));
  }

  async end(): Promise<string> {
    return this.#handOn((await this.#stream?.end()) ?? '');
  }

  #handOn(piece: string): string {
    this.text += piece;
    return piece;
  }
}

/** JSON, of which nothing is handed on before it is whole. */
class RedactedJson {
  readonly #running: RunningPipeline;
  #held = '';
  text = '';

  constructor(running: RunningPipeline) {
    this.#running = running;
  }

  push(delta: string): Promise<string> {
    this.#held += delta;
    return Promise.resolve('');
  }

  async end(): Promise<string> {
    if (this.#held !== '') this.text = await redactJson(this.#running, this.#held);
    return this.text;
  }
}

/** Undefined where nothing is left to say. */
function toChunk({
  delta,
  reasoning,
  toolCall,
}: {
  readonly delta: string;
  readonly reasoning: string;
  readonly toolCall?: ToolCall | undefined;
}): GeneratedChunk | undefined {
  if (delta === '' && reasoning === '' && toolCall === undefined) return undefined;
  return {
    delta,
    ...(reasoning === '' ? {} : { reasoning }),
    ...(toolCall === undefined ? {} : { toolCall }),
  };
}
