import type { Provenance, TrustedIdentity, TrustedKey } from '@locara/protocol';

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
  if (repository === undefined || owner === undefined) return namedSignerId(root, issuer, identity);
  const who = `repository=${encodeURIComponent(repository)}&owner=${encodeURIComponent(owner)}`;
  return `sigstore:${root}:${encodeURIComponent(issuer)}#${who}`;
}

/** What an entry of the trust list is called in logs, which do not say what the user calls it. */
export function trustedSignerId(trusted: TrustedKey | TrustedIdentity): string {
  return 'hint' in trusted
    ? keySignerId(trusted.hint)
    : namedSignerId(trusted.root, trusted.issuer, trusted.identity);
}

function namedSignerId(root: string, issuer: string, identity: string): string {
  return `sigstore:${root}:${encodeURIComponent(issuer)}#identity=${encodeURIComponent(identity)}`;
}
