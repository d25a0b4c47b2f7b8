import { createSpeechEngine } from '../../../../daemon/workers/speech/engine.ts';
import type { SpeechStart, TranscribeParams } from '../../../../daemon/workers/speech/ops.ts';

export type ToChild =
  { readonly start: SpeechStart } | { readonly params: Omit<TranscribeParams, 'translate'> };

/** The engine alone in a process: what a worker runs, without the worker's own protocol. */
let transcribe: ((params: TranscribeParams) => Promise<unknown>) | undefined;
process.on('message', (message: ToChild) => {
  if ('start' in message) {
    const { engine } = createSpeechEngine(message.start);
    const signal = new AbortController().signal;
    transcribe = async (params) =>
      engine.transcribe(params, { signal, chunk: () => undefined, progress: () => undefined });
    process.send?.({ ready: true });
    return;
  }
  void transcribe?.({ ...message.params, translate: false }).then((result) => {
    process.send?.({ result, rssBytes: process.memoryUsage.rss() });
  });
});
