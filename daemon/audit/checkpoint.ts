import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { canonicalJson } from '@locara/protocol';
import { isFileError } from '../files/durable-files.ts';
import type { ChainEnd } from './chain.ts';

/** Keeps what is signed here apart from everything else the daemon's key signs. */
const PURPOSE = 'locara-audit/1\n';

/** The signed state of the log: where it ends, and where what is still kept of it begins. */
export interface Checkpoint extends ChainEnd {
  /** ISO 8601. */
  readonly at: string;
  /** The last entry that was dropped by retention, or the state before the first. */
  readonly anchor: ChainEnd;
}

/** Where the checkpoint is, and who signs it. */
export interface CheckpointFile {
  readonly path: string;
  readonly privateKey: KeyObject;
}

/** The checkpoint, or what is wrong with it. */
export async function readCheckpointFile(
  file: CheckpointFile,
): Promise<Checkpoint | 'absent' | 'not signed by this daemon'> {
  let text: string;
  try {
    text = await readFile(file.path, 'latin1');
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return 'absent';
    throw error;
  }
  return readCheckpoint(text, createPublicKey(file.privateKey)) ?? 'not signed by this daemon';
}

/** One line of JSON: the checkpoint and its Ed25519 signature over its canonical JSON. */
export function signCheckpoint(checkpoint: Checkpoint, privateKey: KeyObject): string {
  const body = toBody(checkpoint);
  const signature = sign(null, toSigned(body), privateKey).toString('base64');
  return `${canonicalJson({ ...body, signature })}\n`;
}

/** Undefined unless the text is, byte for byte, a checkpoint that the key signed. */
function readCheckpoint(text: string, publicKey: KeyObject): Checkpoint | undefined {
  const value = parseBody(text);
  if (value === undefined) return undefined;
  const { signature, ...body } = value;
  if (text !== `${canonicalJson(value)}\n`) return undefined;
  if (!verify(null, toSigned(body), publicKey, Buffer.from(signature, 'base64'))) return undefined;
  // Base64 has more than one text for the same bytes.
  if (Buffer.from(signature, 'base64').toString('base64') !== signature) return undefined;
  const { n, hash, at, anchorN, anchorHash } = body;
  return { n, hash, at, anchor: { n: anchorN, hash: anchorHash } };
}

type Body = Readonly<{
  n: number;
  hash: string;
  at: string;
  anchorN: number;
  anchorHash: string;
}>;

function toBody({ n, hash, at, anchor }: Checkpoint): Body {
  return { n, hash, at, anchorN: anchor.n, anchorHash: anchor.hash };
}

function toSigned(body: Body): Buffer {
  return Buffer.from(PURPOSE + canonicalJson(body));
}

function parseBody(text: string): (Body & { readonly signature: string }) | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const body = value as Record<string, unknown>;
  const numbers = ['n', 'anchorN'].every((key) => Number.isSafeInteger(body[key]));
  const texts = ['hash', 'at', 'anchorHash', 'signature'].every(
    (key) => typeof body[key] === 'string',
  );
  const { n, hash, at, anchorN, anchorHash, signature } = body;
  if (!numbers || !texts) return undefined;
  return { n, hash, at, anchorN, anchorHash, signature } as Body & { readonly signature: string };
}
