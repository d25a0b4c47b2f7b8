import { createClient } from '@locara/client';
import { RpcError } from '@locara/protocol';
import { completionOf, FakeDaemon } from '../fakes/fake-daemon.ts';
import type { FakeHandler } from '../fakes/fake-daemon.ts';

export const chat = { messages: [{ role: 'user' as const, content: 'hi' }] };

/** Streams the words, then the text. */
export const wordsHandler =
  (words: readonly string[]): FakeHandler =>
  ({ chunk }) => {
    words.forEach((delta, sequence) => {
      chunk({ delta }, sequence);
    });
    return completionOf(words.join(''));
  };

/** Answers with Cancelled, once cancelled. */
export const untilCancelled: FakeHandler = ({ signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(new RpcError('Cancelled', 'The caller cancelled.'));
    });
  });

/** A client and the fake daemon it is connected to. */
export async function started(handlers: Record<string, FakeHandler>) {
  const daemon = await FakeDaemon.start({ handlers });
  const client = createClient({ credentials: daemon.credentials });
  return {
    daemon,
    client,
    async [Symbol.asyncDispose]() {
      await client.close();
      await daemon[Symbol.asyncDispose]();
    },
  };
}
