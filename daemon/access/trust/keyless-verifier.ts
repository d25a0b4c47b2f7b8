import type { Provenance } from '@locara/protocol';

/** Who may have signed: every field is compared letter by letter, and none can be left out but the last two. */
export interface IdentityPolicy {
  /** The exact subject alternative name. */
  readonly identity: string;
  /** The exact OpenID Connect issuer. */
  readonly issuer: string;
  /** The text of a trusted_root.json. */
  readonly trustedRoot: string;
  /** Numeric, from the certificate: survives renames, defeats a taken-over name. */
  readonly sourceRepositoryId?: string | undefined;
  readonly sourceRepositoryOwnerId?: string | undefined;
}

/** What was proved of a bundle with a certificate. */
export interface KeylessProof {
  /** Index of the policy that it satisfies. */
  readonly policy: number;
  readonly provenance: Provenance;
  /** ISO 8601, attested by a log or a timestamp authority. */
  readonly signedAt: string;
}

/**
 * Verifies bundles with a certificate (Fulcio, Rekor, TSA) offline, in a child process with a time limit.
 * Everything but a proof is `Unauthenticated` with `details.rule` (refusePackage). An empty list of
 * policies is refused like any other: "anyone" cannot be expressed.
 */
export interface KeylessVerifier {
  verify(request: {
    readonly artifactBytes: Uint8Array;
    readonly bundleBytes: Uint8Array;
    readonly policies: readonly IdentityPolicy[];
  }): Promise<KeylessProof>;
}
