import { RpcError } from '@locara/protocol/errors';
import type { CollectionRow } from './collection-rows.ts';

/** How many vectors one record may have. */
const MAX_VECTORS = 64;

/** Throws InvalidParams. */
export function assertNumberOfVectors({ length }: readonly unknown[]): void {
  if (length <= MAX_VECTORS) return;
  throw new RpcError('InvalidParams', 'A record has too many vectors.', {
    details: { rule: 'vectors', limit: MAX_VECTORS },
  });
}

/** Throws InvalidParams. */
export function assertDimensions(actual: number, expected: number | undefined): void {
  if (expected === undefined || actual === expected) return;
  throw new RpcError('InvalidParams', 'The vector has the wrong length for this collection.', {
    details: { rule: 'dimensions', expected, actual },
  });
}

/**
 * Throws Conflict for vectors of another model. Vectors that the app supplies carry none: which one made them is
 * the app's affair.
 */
export function assertSameModel(collection: CollectionRow, modelDigest: string | undefined): void {
  const { modelDigest: settled } = collection;
  if (isFree(collection)) return;
  if (settled === undefined || modelDigest === undefined || settled === modelDigest) return;
  throw modelConflict(settled, modelDigest);
}

/** Without a vector, a collection takes those of any model, whatever it held before. */
export function isFree({ counts, modelDigest }: CollectionRow): boolean {
  return counts.vectors === 0 && modelDigest !== undefined;
}

/** Vectors of two models have nothing in common; the way out is named. */
export function modelConflict(collectionModel: string, model: string): RpcError {
  return new RpcError(
    'Conflict',
    'The vectors of this collection were made by another model: collections.reembed makes them anew.',
    { details: { rule: 'model', collectionModel, model, method: 'collections.reembed' } },
  );
}
