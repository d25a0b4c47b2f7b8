import { createHash } from 'node:crypto';
import type { Bundle } from '@sigstore/bundle';
import type { Artifact } from './ops.ts';
import { refuse } from './refuse.ts';

export type DigestAlgorithm = 'sha256' | 'sha384' | 'sha512';

/** In lowercase hexadecimal. */
export interface SignedDigest {
  readonly algorithm: DigestAlgorithm;
  readonly hex: string;
}

/** Of the artifact, in lowercase hexadecimal. */
export interface Digests {
  readonly sha256: string;
  readonly sha384?: string | undefined;
  readonly sha512?: string | undefined;
}

export function digestsOf(artifact: Artifact): Digests {
  if (!('bytes' in artifact)) return artifact;
  const digest = (algorithm: DigestAlgorithm): string =>
    createHash(algorithm).update(artifact.bytes).digest('hex');
  return { sha256: digest('sha256'), sha384: digest('sha384'), sha512: digest('sha512') };
}

type MessageSignature = Extract<
  Bundle['content'],
  { $case: 'messageSignature' }
>['messageSignature'];

/** By the numbers that protobuf has for SHA2_256, SHA2_384 and SHA2_512. */
const ALGORITHMS: Readonly<Record<number, DigestAlgorithm>> = {
  1: 'sha256',
  2: 'sha384',
  3: 'sha512',
};

/** The digest that a message signature is over. Throws `digest_mismatch` unless it is the artifact's. */
export function readSignedDigest(
  { messageDigest }: MessageSignature,
  digests: Digests,
): SignedDigest {
  const algorithm = ALGORITHMS[messageDigest.algorithm];
  const hex = messageDigest.digest.toString('hex');
  if (algorithm === undefined || digests[algorithm] !== hex) throw refuse('digest_mismatch');
  return { algorithm, hex };
}
