import type { Provenance } from '@locara/protocol';

/** Room for a statement about the thousand subjects that are the most; a message signature takes 6 KB. */
export const MAX_BUNDLE_BYTES = 256 * 1024;

/** Why a bundle proves nothing; stable names, `details.rule` of the error. */
export const VERIFICATION_RULES = [
  'bundle_malformed',
  'bundle_too_large',
  'trust_root',
  'wrong_material',
  'unreadable_key',
  'certificate',
  'log_entry',
  'timestamp',
  'digest_mismatch',
  'signature_mismatch',
  'statement',
  'subject_mismatch',
  'untrusted_identity',
  'wrong_issuer',
  'wrong_repository',
] as const;
export type VerificationRule = (typeof VERIFICATION_RULES)[number];

/** A certificate must say exactly this; each field is compared letter by letter. */
export interface IdentityRequirement {
  readonly identity: string;
  readonly issuer: string;
  /** The text of a trusted_root.json. */
  readonly trustedRoot: string;
  /** Numeric; not compared when absent. */
  readonly sourceRepositoryId?: string | undefined;
  readonly sourceRepositoryOwnerId?: string | undefined;
}

/** This very key must have signed, and a log must say so. */
export interface KeyRequirement {
  readonly publicKeyPem: string;
  readonly trustedRoot: string;
}

export type SignerRequirement = IdentityRequirement | KeyRequirement;

/** What was signed: itself, or its digests in lowercase hexadecimal. */
export type Artifact =
  | { readonly bytes: Uint8Array }
  | {
      readonly sha256: string;
      readonly sha384?: string | undefined;
      readonly sha512?: string | undefined;
    };

export interface VerifyParams {
  readonly bundleBytes: Uint8Array;
  readonly artifact: Artifact;
  /** Any one of them is enough; none of them is none. */
  readonly signers: readonly SignerRequirement[];
}

export interface VerifyResult {
  /** Index of the requirement that holds. */
  readonly signer: number;
  /** Absent when a key signed. */
  readonly provenance?: Provenance;
  /** ISO 8601: the earliest time that a log or a timestamp authority attests. */
  readonly signedAt: string;
}

/** The one operation of a process that verifies one bundle and ends. */
export interface VerifyOps {
  verify: { params: VerifyParams; chunk: never; result: VerifyResult };
}
