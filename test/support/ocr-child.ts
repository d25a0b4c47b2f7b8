import { RpcError } from '@locara/protocol';
import { createOcrEngine } from '../../daemon/workers/ocr/engine.ts';

/** Reads one image in a process of its own: the question comes as a message, the answer goes as one. */
process.once('message', (question: { start: unknown; image: Uint8Array }) => {
  void answer(question).then((message) => process.send?.(message));
});

async function answer({ start, image }: { start: unknown; image: Uint8Array }): Promise<object> {
  try {
    const { engine } = await createOcrEngine(start);
    return await engine.recognize(
      { image, languages: ['eng'], level: 'word' },
      {
        signal: new AbortController().signal,
        chunk: () => undefined,
        progress: () => undefined,
      },
    );
  } catch (error) {
    return { reason: error instanceof RpcError ? error.reason : String(error) };
  }
}
