import { checkRevocationList, Digest, parseUnknown, type RevocationList } from '@locara/protocol';
import * as z from 'zod';
import { readOwnFile } from '../../files/read-own-file.ts';
import { writeAtomically } from '../../files/write-atomically.ts';
import { digestOf } from './digest.ts';

/** A list whose signature held, and who signed it. */
export interface AcceptedList {
  readonly list: RevocationList;
  /** Of the bytes that were signed. */
  readonly digest: string;
  readonly signer: { readonly id: string; readonly words: string };
  /** ISO 8601. */
  readonly importedAt: string;
}

// The list as a JSON string: quotes and line ends double.
const MAX_FILE_BYTES = 9 * 1024 * 1024;

const StoredRevocations = z.strictObject({
  version: z.literal(1),
  digest: Digest,
  signer: z.strictObject({ id: z.string(), words: z.string() }),
  importedAt: z.iso.datetime(),
  /** The signed bytes themselves. */
  list: z.string(),
});

/** The list that was accepted last; undefined when there never was one. */
export async function readAcceptedList(
  path: string,
): Promise<AcceptedList | 'damaged' | undefined> {
  const found = await readOwnFile(path, MAX_FILE_BYTES);
  if ('absent' in found) return undefined;
  if ('problem' in found) return 'damaged';
  const stored = parseUnknown(StoredRevocations, parseJson(found.bytes));
  if (!stored.success) return 'damaged';
  const { digest, signer, importedAt } = stored.data;
  const bytes = Buffer.from(stored.data.list, 'utf8');
  const { list } = checkRevocationList(bytes);
  if (list === undefined || digestOf(bytes) !== digest) return 'damaged';
  return { list, digest, signer, importedAt };
}

/** Keeps a list in one file, so that no crash parts it from its number. */
export async function writeAcceptedList(
  path: string,
  { digest, signer, importedAt }: AcceptedList,
  bytes: Uint8Array,
): Promise<void> {
  const list = Buffer.from(bytes).toString('utf8');
  const stored: z.input<typeof StoredRevocations> = {
    version: 1,
    digest,
    signer,
    importedAt,
    list,
  };
  await writeAtomically(path, `${JSON.stringify(stored)}\n`);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
