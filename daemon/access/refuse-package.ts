import { RpcError } from '@locara/protocol';

/** Why the proof that a package or list carries was not accepted; `details.rule` of the error. */
export type PackageRefusal =
  | 'unsigned'
  | 'bundle_malformed'
  | 'bundle_too_large'
  | 'log_entries'
  | 'untrusted_key'
  | 'untrusted_identity'
  | 'digest_mismatch'
  | 'signature_mismatch'
  | 'publisher_mismatch'
  | 'signer_changed'
  | 'stale_list'
  | 'list_expired';

const SENTENCES: Readonly<Record<PackageRefusal, string>> = {
  unsigned: 'There is no signature beside the list, named as it with .sigstore.json behind.',
  bundle_malformed: 'The signature file is not a Sigstore v0.3 bundle with one message signature.',
  bundle_too_large: 'The signature file is longer than 64 KiB.',
  log_entries:
    'The bundle carries transparency-log or time entries, which a signature by a managed key cannot have.',
  untrusted_key:
    'It was signed with a key that is not in the trust list for this purpose; see `locara trust list` and `locara trust add`.',
  untrusted_identity:
    'It was signed by an identity that is not in the trust list for this purpose; see `locara trust list` and `locara trust add`.',
  digest_mismatch: 'The signed file is not the one that was signed: it was changed afterwards.',
  signature_mismatch: 'The signature was not made by the key that the bundle names.',
  publisher_mismatch:
    'Who signed it is trusted for another publisher than the one that the manifest names.',
  signer_changed:
    'Another key signed the installed app, or the data it left; uninstall it with --wipe first.',
  stale_list: 'A newer revocation list is in force, or another one of the same number.',
  list_expired: 'The revocation list has expired: get the latest one.',
};

/** The one error of a proof that is not accepted: `Unauthenticated`, with the rule and a sentence. */
export function refusePackage(rule: PackageRefusal, cause?: unknown): RpcError {
  return new RpcError('Unauthenticated', SENTENCES[rule], { details: { rule }, cause });
}
