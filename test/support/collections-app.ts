import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Session } from '../../daemon/access/session.ts';
import { type BlobStore, createBlobStore } from '../../daemon/blobs/blob-store.ts';
import { collectionsHandlers } from '../../daemon/handlers/collections.ts';
import type { Embedder } from '../../daemon/scheduler/embedder.ts';
import type { Handlers } from '../../daemon/rpc/handler.ts';
import { type FakeSessionCall, fakeSessionCall } from '../fakes/session-call.ts';
import { openAppStores } from './app-stores.ts';
import { openPrivacy } from './open-privacy.ts';
import { makeTemporaryFolder } from './temporary-store.ts';

/** The one that `openApp` makes. */
export const collection = 'documents';
/** Its app. */
export const APP = 'acme/notes';

/** A model whose vectors tell its number and the length of the text; long texts make two. */
export function embedBy(model: number, seen: string[] = []): Embedder {
  return ({ texts }) => {
    seen.push(...texts);
    const counts = texts.map(({ length }) => (length > 20 ? 2 : 1));
    return Promise.resolve({
      vectors: texts.flatMap(({ length }, at) =>
        Array.from({ length: counts[at] ?? 1 }, () => new Float32Array(model).fill(length)),
      ),
      counts,
      dimensions: model,
      promptTokens: 1,
      modelDigest: `sha256:${model}`,
    });
  };
}

interface CollectionsApp {
  readonly call: FakeSessionCall;
  readonly blobs: BlobStore;
  readonly using: (embedder: Embedder) => Handlers<'collections'>;
}

/** The handlers of collections, by any embedder, over one real store in this process. */
export async function openApp(): Promise<CollectionsApp> {
  const { stores } = openAppStores();
  const blobs = await createBlobStore({ folder: join(makeTemporaryFolder(), 'b'), ttlMs: 60_000 });
  onTestFinished(() => blobs.close());
  const session = { appId: APP, manifest: { storage: { backups: { enabled: false } } } } as Session;
  const call = { ...fakeSessionCall(), session };
  const using = (embedder: Embedder) =>
    collectionsHandlers({ stores, blobs, embedder, privacy: openPrivacy() });
  await using(embedBy(2))['collections.create']({ collection, tokenizer: 'unicode61' }, call);
  return { call, blobs, using };
}

/** A committed blob of the app. */
export async function commit(blobs: BlobStore, text: string | Buffer): Promise<string> {
  const bytes = Buffer.from(text);
  const { blob } = await blobs.create(APP);
  const key = { appId: APP, blob };
  for (let offset = 0; offset < bytes.length; offset += 700) {
    await blobs.append(key, { offset, bytes: bytes.subarray(offset, offset + 700) });
  }
  await blobs.commit(key, createHash('sha256').update(bytes).digest('hex'));
  return blob;
}

/** The chunks of a stream and its result. */
export async function drain<C, R>(
  stream: AsyncGenerator<C, R, void>,
): Promise<{ chunks: C[]; result: R }> {
  const chunks: C[] = [];
  for (;;) {
    const step = await stream.next();
    if (step.done === true) return { chunks, result: step.value };
    chunks.push(step.value);
  }
}

/** A third of them are long enough for two vectors. */
export const recordsOf = (count: number) =>
  Array.from({ length: count }, (_value, at) => ({
    id: `id-${at}\0"`,
    text: at % 3 === 0 ? `a text that is long enough ${at}` : `text ${at} 🐈`,
    metadata: { at, nested: { list: [1, null] } },
  }));
