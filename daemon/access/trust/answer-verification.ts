import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { parseUnknown, type Provenance, RpcError } from '@locara/protocol';
import * as z from 'zod';
import { readBounded } from '../../files/read-bounded.ts';
import {
  type Artifact,
  MAX_BUNDLE_BYTES,
  type SignerRequirement,
} from '../../workers/verify/ops.ts';
import { readPublicGoodRoot } from './public-good-root.ts';
import { verifyInChild } from './verify-in-child.ts';

const Path = z.string().min(1).max(4096);

/** What `locara trust verify-bundle` asks; exactly one kind of signer, so that "anyone" cannot be said. */
const VerificationRequest = z.strictObject({
  bundle: Path,
  artifact: Path.describe('A file, or sha256:<hex> when there is no file of that name.'),
  trustedRoot: Path.optional(),
  signer: z.union([
    z.strictObject({ key: Path }),
    z.strictObject({ identity: z.string().min(1), issuer: z.string().min(1) }),
  ]),
});
type VerificationRequest = z.output<typeof VerificationRequest>;

const MIB = 1024 * 1024;
const MAX_KEY_BYTES = MIB / 128;
const MAX_ARTIFACT_BYTES = 512 * MIB;
/** A larger artifact goes to the verifier as its digests. */
const MAX_WHOLE_BYTES = 8 * MIB;
const DIGEST = /^sha256:([0-9a-f]{64})$/;

/** Reads the named files and verifies the bundle in a child; throws RpcError. */
export async function answerVerification(
  request: unknown,
): Promise<{ readonly provenance?: Provenance; readonly signedAt: string }> {
  const parsed = parseUnknown(VerificationRequest, request);
  if (!parsed.success) throw new RpcError('InvalidParams', 'The request is malformed.');
  const { bundle, artifact } = parsed.data;
  const { provenance, signedAt } = await verifyInChild({
    bundleBytes: await readDocument(bundle, 'bundle'),
    artifact: await readArtifact(artifact),
    signers: [await readSigner(parsed.data)],
  }).catch(rephrase);
  return provenance === undefined ? { signedAt } : { provenance, signedAt };
}

/** The sentences for installing speak of a trust list; here the caller named the signer and the root. */
const OWN_SENTENCES: ReadonlyMap<unknown, string> = new Map([
  ['untrusted_identity', 'It was signed by another identity than the one asked for.'],
  ['wrong_issuer', 'Another issuer than the one asked for vouches for the identity that signed.'],
  ['untrusted_key', 'It was signed with another key than the one asked for.'],
  ['signature_mismatch', 'The signature does not fit: other bytes, or another key than asked for.'],
  ['trust_root', 'The trusted root is incomplete or cannot be read.'],
]);

function rephrase(error: unknown): never {
  const { reason, details } = error instanceof RpcError ? error : {};
  const sentence = OWN_SENTENCES.get(details?.['rule']);
  if (reason === undefined || details === undefined || sentence === undefined) throw error;
  throw new RpcError(reason, sentence, { details, cause: error });
}

async function readSigner({
  signer,
  trustedRoot,
}: VerificationRequest): Promise<SignerRequirement> {
  const root =
    trustedRoot === undefined
      ? await readPublicGoodRoot()
      : toText(await readDocument(trustedRoot, 'trusted root'));
  if (!('key' in signer)) return { ...signer, trustedRoot: root };
  const publicKeyPem = toText(await readDocument(signer.key, 'key', MAX_KEY_BYTES));
  return { publicKeyPem, trustedRoot: root };
}

async function readDocument(
  path: string,
  what: string,
  maxBytes = MAX_BUNDLE_BYTES,
): Promise<Uint8Array> {
  await using file = await openFile(path, what);
  const bytes = await readBounded(file, maxBytes);
  if (bytes !== undefined) return bytes;
  throw new RpcError('PayloadTooLarge', `The ${what} is longer than ${maxBytes} bytes.`);
}

async function readArtifact(named: string): Promise<Artifact> {
  const digest = DIGEST.exec(named)?.[1];
  const file = await openFile(named, 'artifact').catch((error: unknown) => error as RpcError);
  if (file instanceof RpcError) {
    if (digest === undefined) throw file;
    return { sha256: digest };
  }
  await using opened = file;
  const { size } = await opened.stat();
  if (size > MAX_ARTIFACT_BYTES) throw artifactTooLong();
  if (size > MAX_WHOLE_BYTES) return await digestFile(opened);
  const bytes = await readBounded(opened, MAX_WHOLE_BYTES);
  if (bytes === undefined) throw artifactTooLong();
  return { bytes };
}

async function digestFile(file: FileHandle): Promise<Artifact> {
  const [sha256, sha384, sha512] = [
    createHash('sha256'),
    createHash('sha384'),
    createHash('sha512'),
  ];
  let total = 0;
  const stream = file.createReadStream({ autoClose: false, highWaterMark: MIB });
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    total += chunk.length;
    if (total > MAX_ARTIFACT_BYTES) throw artifactTooLong();
    for (const hash of [sha256, sha384, sha512]) hash.update(chunk);
  }
  return {
    sha256: sha256.digest('hex'),
    sha384: sha384.digest('hex'),
    sha512: sha512.digest('hex'),
  };
}

/** Follows links, for the user named the file; never waits at a pipe. */
async function openFile(path: string, what: string): Promise<FileHandle> {
  const unreadable = new RpcError('NotFound', `The ${what} cannot be read.`);
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => {
    throw unreadable;
  });
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw unreadable;
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

function artifactTooLong(): RpcError {
  return new RpcError('PayloadTooLarge', 'The artifact is longer than 512 MiB.');
}
