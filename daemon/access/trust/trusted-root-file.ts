import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseStrictJson, parseUnknown, RpcError } from '@locara/protocol';
import * as z from 'zod';
import { readOwnFile } from '../../files/read-own-file.ts';
import { writeAtomically } from '../../files/write-atomically.ts';
import { digestOf } from './digest.ts';

const MAX_ROOT_BYTES = 256 * 1024;

const Validity = z.looseObject({ start: z.iso.datetime() });
const Authority = z.looseObject({
  certChain: z.looseObject({
    certificates: z.array(z.looseObject({ rawBytes: z.string().min(1) })).min(1),
  }),
  validFor: Validity,
});
const TransparencyLog = z.looseObject({ publicKey: z.looseObject({ validFor: Validity }) });

/** As much of a trusted_root.json as must be there: without a start of validity a key would count for ever. */
const TrustedRoot = z
  .looseObject({
    mediaType: z.enum([
      'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      'application/vnd.dev.sigstore.trustedroot.v0.2+json',
    ]),
    certificateAuthorities: z.array(Authority).min(1).max(64),
    tlogs: z.array(TransparencyLog).max(64).default([]),
    ctlogs: z.array(TransparencyLog).max(64).default([]),
    timestampAuthorities: z.array(Authority).max(64).default([]),
  })
  .refine(({ tlogs, timestampAuthorities }) => tlogs.length + timestampAuthorities.length > 0);

/** The trusted roots that the user added, each in a file named by its digest. */
export interface TrustedRootFiles {
  /** `sha256:<hex>`; throws InvalidParams when it is no complete trusted root. */
  digestOf(text: string): string;
  save(text: string): Promise<void>;
  /** Throws Unavailable unless the file is whole, the user's own, and of that digest. */
  read(root: string): Promise<string>;
  /** Removes all others; what cannot be removed stays until the next time. */
  removeUnused(used: ReadonlySet<string>): Promise<void>;
}

export function createTrustedRootFiles(folder: string): TrustedRootFiles {
  const pathOf = (root: string): string => join(folder, `${root.replace('sha256:', '')}.json`);
  return {
    digestOf: (text) => {
      const bytes = Buffer.from(text, 'utf8');
      assertTrustedRoot(bytes);
      return digestOf(bytes);
    },
    async save(text) {
      const bytes = Buffer.from(text, 'utf8');
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeAtomically(pathOf(digestOf(bytes)), bytes);
    },
    async read(root) {
      const found = await readOwnFile(pathOf(root), MAX_ROOT_BYTES);
      if (!('bytes' in found) || digestOf(found.bytes) !== root) {
        throw new RpcError(
          'Unavailable',
          'A trusted root is missing or damaged, so the identities that lean on it are not accepted: remove them and add them again.',
          { details: { rule: 'trusted_root' } },
        );
      }
      return Buffer.from(found.bytes).toString('utf8');
    },
    async removeUnused(used) {
      const kept = new Set([...used].map((root) => pathOf(root)));
      const names = await readdir(folder).catch(() => []);
      for (const path of names.map((name) => join(folder, name))) {
        if (!kept.has(path)) await rm(path, { force: true }).catch(() => undefined);
      }
    },
  };
}

function assertTrustedRoot(bytes: Uint8Array): void {
  let document: unknown;
  try {
    document = parseStrictJson(bytes, { maxBytes: MAX_ROOT_BYTES });
  } catch {
    // Whatever is wrong with it, the answer is the one below.
  }
  if (parseUnknown(TrustedRoot, document).success) return;
  throw new RpcError(
    'InvalidParams',
    'Not a complete trusted_root.json: it needs certificate authorities, a log or a timestamp authority, and a start of validity for each.',
    { details: { rule: 'trusted_root' } },
  );
}
