import type { SessionCall } from '../rpc/handler.ts';
import type { Embedder } from '../scheduler/embedder.ts';
import { modelConflict } from '../stores/collections/vector-rules.ts';

/** One call of the embedder: short enough to be cancelled soon, and to let others go between two. */
const BATCH_TEXTS = 64;
const BATCH_CHARACTERS = 256 * 1024;
/** With more texts than somebody waits for at a screen, callers who do wait go first. */
const MAX_INTERACTIVE_CHARACTERS = 16 * 1024;

export interface EmbeddedTexts {
  /** One list per text, in order; several vectors where a text was too long for one. */
  readonly vectors: readonly (readonly Float32Array[])[];
  readonly dimensions: number;
  readonly modelDigest: string;
}

/** What the vectors of a collection must be made by; anything while it has none. */
export interface ExpectedModel {
  readonly modelDigest?: string | undefined;
  /** How many it has. */
  readonly vectors?: number;
  /** Of a `collections.reembed` that has not ended: then this one may be meant. */
  readonly reembedding?: { readonly modelDigest: string } | undefined;
}

/**
 * Texts of records to vectors, batch by batch. Throws Conflict after the first where the model is not the
 * collection's: the rest would be made in vain. At least one text.
 */
export async function embedTexts(
  embedder: Embedder,
  call: SessionCall,
  { texts, expected }: { readonly texts: readonly string[]; readonly expected: ExpectedModel },
): Promise<EmbeddedTexts> {
  const characters = texts.reduce((sum, { length }) => sum + length, 0);
  const priority = characters > MAX_INTERACTIVE_CHARACTERS ? 'background' : 'interactive';
  const vectors: (readonly Float32Array[])[] = [];
  let model: Omit<EmbeddedTexts, 'vectors'> | undefined;
  for (const batch of cutBatches(texts)) {
    call.signal.throwIfAborted();
    const embedded = await embedder({
      call,
      texts: batch,
      kind: 'document',
      overflow: 'split',
      priority,
    });
    const { modelDigest, dimensions } = embedded;
    assertExpected(modelDigest, model ?? expected);
    model = { modelDigest, dimensions };
    let from = 0;
    for (const at of batch.keys()) {
      const count = embedded.counts?.[at] ?? 1;
      vectors.push(embedded.vectors.slice(from, from + count));
      from += count;
    }
  }
  if (model === undefined) throw new Error('there is no text to embed');
  return { vectors, ...model };
}

/** Blank ones have no meaning, and no vector. */
export function hasMeaning(text: string | undefined): text is string {
  return text !== undefined && text.trim() !== '';
}

function* cutBatches(texts: readonly string[]): Generator<readonly string[]> {
  let batch: string[] = [];
  let characters = 0;
  for (const text of texts) {
    if (
      batch.length === BATCH_TEXTS ||
      (batch.length > 0 && characters + text.length > BATCH_CHARACTERS)
    ) {
      yield batch;
      batch = [];
      characters = 0;
    }
    batch.push(text);
    characters += text.length;
  }
  if (batch.length > 0) yield batch;
}

function assertExpected(
  modelDigest: string,
  { modelDigest: settled, vectors, reembedding }: ExpectedModel,
): void {
  if (settled === undefined || settled === modelDigest || vectors === 0) return;
  if (reembedding?.modelDigest === modelDigest) return;
  throw modelConflict(settled, modelDigest);
}
