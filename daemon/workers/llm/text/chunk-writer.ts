import type { GeneratedChunk, ToolCall } from '../ops.ts';
import { createPacedEmit } from './paced-emit.ts';

/** Sends an answer in the order in which it is written, and remembers it. */
export interface ChunkWriter {
  readonly content: string;
  readonly reasoning: string;
  readonly toolCalls: readonly ToolCall[];
  writeContent(text: string): void;
  writeReasoning(text: string): void;
  writeCall(call: ToolCall): void;
  flush(): void;
}

export function createChunkWriter(
  emit: (chunk: GeneratedChunk) => void,
  intervalMs: number,
): ChunkWriter {
  const contents = createPacedEmit((delta) => {
    emit({ delta });
  }, intervalMs);
  const thoughts = createPacedEmit((reasoning) => {
    emit({ delta: '', reasoning });
  }, intervalMs);
  const toolCalls: ToolCall[] = [];
  let content = '';
  let reasoning = '';
  return {
    get content() {
      return content;
    },
    get reasoning() {
      return reasoning;
    },
    toolCalls,
    writeContent(text) {
      thoughts.flush();
      content += text;
      contents(text);
    },
    writeReasoning(text) {
      contents.flush();
      reasoning += text;
      thoughts(text);
    },
    writeCall(toolCall) {
      contents.flush();
      thoughts.flush();
      toolCalls.push(toolCall);
      emit({ delta: '', toolCall });
    },
    flush() {
      contents.flush();
      thoughts.flush();
    },
  };
}
