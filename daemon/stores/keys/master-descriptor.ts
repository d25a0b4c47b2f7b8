import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseUnknown } from '@locara/protocol';
import * as z from 'zod';
import { createPrivateFolder } from '../../files/durable-files.ts';
import { readOwnFile } from '../../files/read-own-file.ts';
import { replaceSecretFile } from '../../files/replace-secret-file.ts';
import { unavailable } from './key-errors.ts';
import { Argon2Cost } from '../../secrets/argon2.ts';
import { SealedKey } from './sealed-key.ts';

const DESCRIPTOR_FILE = 'master.json';
/** Of the first master key in a file; homes without a descriptor have it. */
export const FIRST_MASTER_FILE = 'master.key';
const MAX_DESCRIPTOR_BYTES = 16 * 1024;

/** Tells the master key of this home from any other, and says nothing about it. */
const check = z.base64().optional();

/** Where a master key is, and how one gets at it. */
const MasterPlace = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('file'),
    check,
    file: z.string().regex(/^master(-[0-9a-f]{12})?\.key$/),
  }),
  z.strictObject({
    kind: z.literal('keyring'),
    check,
    account: z.string().regex(/^[0-9a-f]{16}-[0-9a-f]{12}$/),
  }),
  z.strictObject({
    kind: z.literal('passphrase'),
    check,
    salt: z.base64(),
    cost: Argon2Cost,
    sealed: SealedKey,
  }),
]);
export type MasterPlace = z.output<typeof MasterPlace>;
export type MasterKind = MasterPlace['kind'];

/** What protects the keys of this home. */
const MasterDescriptor = z.strictObject({
  version: z.literal(1),
  /** Where the one in force is; absent before the first store. */
  master: MasterPlace.optional(),
  /** The one before, wrapped by the one in force, until no key is wrapped by it any more. */
  former: SealedKey.optional(),
  /** Places of others: of the one before, and of what never came into force. To be destroyed once there is no `former`. */
  leftovers: z.array(MasterPlace),
});
export type MasterDescriptor = Omit<z.output<typeof MasterDescriptor>, 'version'>;

/** Throws Unavailable when it cannot be relied on. A home without one has no master key yet, or one in a file. */
export async function readMasterDescriptor(folder: string): Promise<MasterDescriptor> {
  const found = await readOwnFile(join(folder, DESCRIPTOR_FILE), MAX_DESCRIPTOR_BYTES);
  if ('absent' in found) {
    const first = statSync(join(folder, FIRST_MASTER_FILE), { throwIfNoEntry: false });
    return first === undefined
      ? { leftovers: [] }
      : { master: { kind: 'file', file: FIRST_MASTER_FILE }, leftovers: [] };
  }
  const descriptor = 'bytes' in found ? parseDescriptor(found.bytes) : undefined;
  if (descriptor !== undefined) return descriptor;
  throw unavailable(
    'master_descriptor_unsafe',
    'What says where the master key is (keys/master.json) is damaged or was touched by others. Put it back from a backup.',
  );
}

export async function writeMasterDescriptor(
  folder: string,
  { master, former, leftovers }: MasterDescriptor,
): Promise<void> {
  createPrivateFolder(folder);
  const content = JSON.stringify({ version: 1, master, former, leftovers });
  await replaceSecretFile(join(folder, DESCRIPTOR_FILE), `${content}\n`);
}

function parseDescriptor(bytes: Uint8Array): MasterDescriptor | undefined {
  try {
    const parsed = parseUnknown(
      MasterDescriptor,
      JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown,
    );
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
