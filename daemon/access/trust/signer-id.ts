import type { Provenance } from '@locara/protocol';

/** How a managed key is compared: by the digest of its SPKI. */
export function keySignerId(hint: string): string {
  return `key:${hint}`;
}

/**
 * How an identity is compared: by the numeric ids of its source, which survive renames, else by its name.
 * Parts are encoded, so that no name can be spelled to look like the ids of another signer.
 */
export function identitySignerId(root: string, provenance: Provenance): string {
  const { issuer, identity, sourceRepositoryId: repository } = provenance;
  const owner = provenance.sourceRepositoryOwnerId;
  const who =
    repository === undefined || owner === undefined
      ? `identity=${encodeURIComponent(identity)}`
      : `repository=${encodeURIComponent(repository)}&owner=${encodeURIComponent(owner)}`;
  return `sigstore:${root}:${encodeURIComponent(issuer)}#${who}`;
}
