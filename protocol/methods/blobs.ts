import * as z from 'zod';
import { defineMethod } from '../method.ts';
import { Base64, Sha256Hex } from '../values.ts';

const BlobId = z.string().max(128);

export const blobsMethods = {
  'blobs.create': defineMethod({
    summary: 'Start a blob: bytes too large for one message, kept for this app alone.',
    requires: 'session',
    params: z.strictObject({}),
    result: z.object({ blob: BlobId, expiresAt: z.iso.datetime() }),
    errors: ['QuotaExceeded'],
  }),
  'blobs.append': defineMethod({
    summary: 'Add up to 1 MiB at the end; `offset` must be the size so far.',
    requires: 'session',
    params: z.strictObject({
      blob: BlobId,
      offset: z.int().min(0),
      data: Base64.describe('At most 1 MiB of bytes, else PayloadTooLarge.'),
    }),
    result: z.object({ bytes: z.int() }),
    errors: ['NotFound', 'Conflict', 'PayloadTooLarge', 'QuotaExceeded', 'InsufficientResources'],
  }),
  'blobs.commit': defineMethod({
    summary: 'Check the SHA-256 and freeze the blob; only then is it usable as input.',
    requires: 'session',
    params: z.strictObject({ blob: BlobId, sha256: Sha256Hex }),
    result: z.object({ blob: BlobId, bytes: z.int() }),
    errors: ['NotFound', 'Conflict'],
  }),
  'blobs.read': defineMethod({
    summary: 'Read a piece of a committed blob: as much as there is and fits one message.',
    requires: 'session',
    params: z.strictObject({
      blob: BlobId,
      offset: z.int().min(0),
      length: z
        .int()
        .min(1)
        .describe(
          'At most; an answer holds up to 3,080,192 bytes, `eof` says whether more follow.',
        ),
    }),
    result: z.object({ data: Base64, eof: z.boolean() }),
    errors: ['NotFound', 'Conflict'],
  }),
  'blobs.delete': defineMethod({
    summary: 'Delete a blob; deleting an absent one is NotFound.',
    requires: 'session',
    params: z.strictObject({ blob: BlobId }),
    result: z.object({ deleted: z.literal(true) }),
    errors: ['NotFound'],
  }),
};
