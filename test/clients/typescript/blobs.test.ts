import { createHash } from 'node:crypto';
import { RpcError } from '@locara/protocol';
import { expect, test } from 'vitest';
import { started } from '../../support/client-run.ts';

test('a blob is uploaded in pieces and committed by its hash', async () => {
  const stored: Buffer[] = [];
  const bytes = Buffer.alloc(1_300_000, 'abc');
  await using run = await started({
    'blobs.create': () => ({ blob: 'b1', expiresAt: '2026-01-01T00:00:00Z' }),
    'blobs.append': ({ params }) => {
      expect(params['offset']).toBe(Buffer.concat(stored).length);
      stored.push(Buffer.from(params['data'] as string, 'base64'));
      return { bytes: Buffer.concat(stored).length };
    },
    'blobs.commit': ({ params }) => {
      expect(params['sha256']).toBe(createHash('sha256').update(bytes).digest('hex'));
      return { blob: 'b1', bytes: bytes.length };
    },
  });
  expect(await run.client.uploadBlob(bytes)).toBe('b1');
  expect(stored.map((piece) => piece.length)).toEqual([524_288, 524_288, 251_424]);
  expect(Buffer.concat(stored).equals(bytes)).toBe(true);
});

test('an upload that fails deletes its blob', async () => {
  await using run = await started({
    'blobs.create': () => ({ blob: 'b1', expiresAt: '2026-01-01T00:00:00Z' }),
    'blobs.append': () => {
      throw new RpcError('QuotaExceeded', 'Full.');
    },
    'blobs.delete': () => ({ deleted: true }),
  });
  await expect(run.client.uploadBlob(Buffer.from('x'))).rejects.toMatchObject({
    reason: 'QuotaExceeded',
  });
  expect(run.daemon.received).toContain('blobs.delete');
});
