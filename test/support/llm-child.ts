import { createLlmEngine } from '../../daemon/workers/llm/engine.ts';
import type { LlmStart } from '../../daemon/workers/llm/ops.ts';
import { CALLER } from './llm-caller.ts';

/** A process that loads a model it is told of, tells one short story and sends it. */
process.once('message', (start: LlmStart) => {
  void tellStory(start).then((story) => process.send?.(story));
});

async function tellStory(start: LlmStart): Promise<string> {
  const { engine } = await createLlmEngine(start);
  const { content } = await engine.generate(
    {
      caller: CALLER,
      input: { prompt: 'Once upon a time' },
      sampling: { stop: [], temperature: 0, maxTokens: 12 },
    },
    { signal: new AbortController().signal, chunk: () => undefined, progress: () => undefined },
  );
  return content;
}
