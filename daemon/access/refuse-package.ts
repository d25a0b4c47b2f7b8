import { RpcError } from '@locara/protocol';

/** Why the proof that a package carries was not accepted; `details.rule` of the error. */
export type PackageRefusal =
  | 'bundle_malformed'
  | 'bundle_too_large'
  | 'keyless_signature'
  | 'log_entries'
  | 'untrusted_key'
  | 'digest_mismatch'
  | 'signature_mismatch'
  | 'signer_changed';

const SENTENCES: Readonly<Record<PackageRefusal, string>> = {
  bundle_malformed: 'The signature file is not a Sigstore v0.3 bundle with one message signature.',
  bundle_too_large: 'The signature file is longer than 64 KiB.',
  keyless_signature:
    'The package has a keyless (certificate) signature; this version accepts managed keys only.',
  log_entries:
    'The bundle carries transparency-log or time entries, which this version cannot check.',
  untrusted_key:
    'The package was signed with a key that is not in the trust list; see `locara trust add`.',
  digest_mismatch: 'The manifest is not the one that was signed.',
  signature_mismatch: 'The signature was not made by the key that the bundle names.',
  signer_changed:
    'Another key signed the installed app, or the data it left; uninstall it with --wipe first.',
};

/** The one error of a package that proves nothing: `Unauthenticated`, with the rule and a sentence. */
export function refusePackage(rule: PackageRefusal, cause?: unknown): RpcError {
  return new RpcError('Unauthenticated', SENTENCES[rule], { details: { rule }, cause });
}
