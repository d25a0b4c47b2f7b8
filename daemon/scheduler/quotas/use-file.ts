import { createHash } from 'node:crypto';
import { canonicalJson, parseUnknown } from '@locara/protocol';
import * as z from 'zod';
import { readOwnFile } from '../../files/read-own-file.ts';
import { writeAtomically } from '../../files/write-atomically.ts';
import type { ClockMark } from './quota-clock.ts';
import type { DayUse } from './token-quotas.ts';
import { DAY, indexOf } from './token-window.ts';

/** The use of a day, and when that was. */
export interface StoredUse {
  readonly mark: ClockMark;
  readonly use: DayUse;
}

const MAX_FILE_BYTES = 16 * 1024 * 1024;

const Count = z.int().min(0);

/** Names of apps and numbers; never content. */
const Content = z.strictObject({
  version: z.literal(1),
  mark: z.strictObject({
    atMs: z.number().min(0),
    wallMs: z.number(),
    boot: z.strictObject({ bootId: z.string(), elapsedMs: z.number().min(0) }).nullable(),
  }),
  unknownBeforeMs: z.number().min(0).nullable(),
  apps: z.record(z.string(), z.array(z.tuple([Count, Count])).max(64)),
});
type Content = z.output<typeof Content>;

/** The checksum finds damage; a program of the same user that is set on it can compute it too. */
const File = z.strictObject({ checksum: z.string(), content: Content });

/** `problem` says, as the end of “The file …”, why it must not be relied on. */
export async function readUse(
  path: string,
): Promise<StoredUse | { readonly problem: string } | undefined> {
  const found = await readOwnFile(path, MAX_FILE_BYTES).catch(() => ({
    problem: 'cannot be read',
  }));
  if ('absent' in found) return undefined;
  if ('problem' in found) return found;
  const parsed = parseUnknown(File, parseJson(found.bytes));
  if (!parsed.success) return { problem: 'is not what was written' };
  const { checksum, content } = parsed.data;
  if (checksum !== checksumOf(content)) return { problem: 'was changed' };
  const { mark, unknownBeforeMs, apps } = content;
  const newest = indexOf(DAY, mark.atMs);
  if (Object.values(apps).some((buckets) => buckets.some(([index]) => index > newest))) {
    return { problem: 'has use of the future' };
  }
  return {
    mark: { ...mark, boot: mark.boot ?? undefined },
    use: {
      apps: new Map(
        Object.entries(apps).map(([appId, buckets]) => [
          appId,
          buckets.map(([index, tokens]) => ({ index, tokens })),
        ]),
      ),
      unknownBeforeMs: unknownBeforeMs ?? undefined,
    },
  };
}

export async function writeUse(path: string, { mark, use }: StoredUse): Promise<void> {
  const content: Content = {
    version: 1,
    mark: { ...mark, boot: mark.boot ?? null },
    unknownBeforeMs: use.unknownBeforeMs ?? null,
    apps: Object.fromEntries(
      [...use.apps].map(([appId, buckets]) => [
        appId,
        buckets.map(({ index, tokens }): [number, number] => [index, tokens]),
      ]),
    ),
  };
  await writeAtomically(path, `${JSON.stringify({ checksum: checksumOf(content), content })}\n`);
}

function checksumOf(content: Content): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
