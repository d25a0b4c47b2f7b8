import { createHash } from 'node:crypto';
import type { Artifact } from './ops.ts';

/** Of the artifact, in lowercase hexadecimal. */
export interface Digests {
  readonly sha256: string;
  readonly sha512?: string | undefined;
}

export function digestsOf(artifact: Artifact): Digests {
  if (!('bytes' in artifact)) return artifact;
  const digest = (algorithm: string): string =>
    createHash(algorithm).update(artifact.bytes).digest('hex');
  return { sha256: digest('sha256'), sha512: digest('sha512') };
}
