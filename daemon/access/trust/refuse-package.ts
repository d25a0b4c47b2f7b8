import { RpcError } from '@locara/protocol';
import type { VerificationRule } from '../../workers/verify/ops.ts';

/** Why the proof that a package or list carries was not accepted; `details.rule` of the error. */
export type PackageRefusal =
  | VerificationRule
  | 'unsigned'
  | 'log_entries'
  | 'untrusted_key'
  | 'publisher_mismatch'
  | 'stale_list'
  | 'list_expired'
  | 'verification_timeout'
  | 'verification_crashed'
  | 'verification_unsealed';

const SENTENCES: Readonly<Record<PackageRefusal, string>> = {
  unsigned: 'There is no signature beside the list, named as it with .sigstore.json behind.',
  bundle_malformed: 'The signature file is not a Sigstore bundle that can be read.',
  bundle_too_large: 'The signature file is too long.',
  trust_root:
    'The trusted root is incomplete or cannot be read; add the identity again with a good one.',
  wrong_material:
    'The signature was made with a key where a certificate is required, or the other way round.',
  unreadable_key: 'The public key cannot be read.',
  certificate: 'The certificate of the signature is not one that the trusted root vouches for.',
  log_entry: 'No transparency log that is trusted proves this signature.',
  timestamp: 'No log or authority that is trusted proves when the signature was made.',
  statement: 'The signed envelope is not an in-toto statement.',
  subject_mismatch: 'The signed statement is about something else.',
  untrusted_identity:
    'It was signed by an identity that is not in the trust list for this purpose; see `locara trust list` and `locara trust add`.',
  wrong_issuer: 'The identity that signed is vouched for by another issuer than the trusted one.',
  wrong_repository:
    'The signature comes from another repository, or another owner, of the same name.',
  verification_timeout: 'Checking the signature took too long, so it counts as none.',
  verification_crashed: 'The process that checked the signature died, so it counts as none.',
  verification_unsealed:
    'The process that checks signatures cannot be confined on this system, so none is accepted.',
  log_entries:
    'The bundle carries transparency-log or time entries, which a signature by a managed key cannot have.',
  untrusted_key:
    'It was signed with a key that is not in the trust list for this purpose; see `locara trust list` and `locara trust add`.',
  digest_mismatch: 'These are not the bytes that were signed.',
  signature_mismatch: 'The signature was not made by the key that the bundle names.',
  publisher_mismatch:
    'Who signed it is trusted for another publisher than the one that the manifest names.',
  stale_list: 'A newer revocation list is in force, or another one of the same number.',
  list_expired: 'The revocation list has expired: get the latest one.',
};

/** The one error of a proof that is not accepted: `Unauthenticated`, with the rule and a sentence. */
export function refusePackage(rule: PackageRefusal, cause?: unknown): RpcError {
  return new RpcError('Unauthenticated', SENTENCES[rule], { details: { rule }, cause });
}
