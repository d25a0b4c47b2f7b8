import { parseUnknown } from '@locara/protocol';
import * as z from 'zod';
import { SealedKey, sealKey, unsealKey } from './sealed-key.ts';

/** A data key; its number goes up by one with every rotation. */
const NumberedKey = SealedKey.extend({ version: z.int().min(1) });

/** What is kept of one store's keys: the one in force, and during a rotation the next. */
const KeyRecord = z.strictObject({
  version: z.literal(2),
  keys: z.array(NumberedKey).min(1).max(2),
  /** The last generation of the file that was seen; 0 before the first. */
  generation: z.int().min(0),
  /** The user takes the file that is there, older or not. */
  acceptsOlder: z.literal(true).optional(),
});
export type KeyRecord = z.output<typeof KeyRecord>;

const FirstRecord = SealedKey.extend({ version: z.literal(1) });

/** Either version; undefined for anything else. */
export function parseKeyRecord(bytes: Uint8Array): KeyRecord | undefined {
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
  const record = parseUnknown(KeyRecord, content);
  if (record.success) return record.data;
  const first = parseUnknown(FirstRecord, content);
  return first.success ? { version: 2, keys: [first.data], generation: 0 } : undefined;
}

export function formatKeyRecord(record: KeyRecord): Uint8Array {
  return Buffer.from(`${JSON.stringify(record)}\n`);
}

/** Wraps a data key for its store alone. */
export function sealDataKey(
  key: Uint8Array,
  master: Uint8Array,
  { storeId, version }: { readonly storeId: string; readonly version: number },
): KeyRecord['keys'][number] {
  return { version, ...sealKey(key, master, purposeOf(storeId, version)) };
}

/** An unwrapped data key. */
export interface DataKey {
  readonly key: Buffer;
  readonly version: number;
  /** Which of the masters given unwrapped it. */
  readonly masterIndex: number;
}

/** The data key by the first master that fits. */
export function unsealDataKey(
  storeId: string,
  { version, ...sealed }: KeyRecord['keys'][number],
  masters: readonly Uint8Array[],
): DataKey | undefined {
  for (const [masterIndex, master] of masters.entries()) {
    const key = unsealKey(sealed, master, purposeOf(storeId, version));
    if (key !== undefined) return { key, version, masterIndex };
  }
  return undefined;
}

function purposeOf(storeId: string, version: number): string {
  return `${storeId}|store|${version}`;
}
