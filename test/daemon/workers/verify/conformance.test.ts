import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readPublicGoodRoot } from '../../../../daemon/access/trust/public-good-root.ts';
import { readConformanceCases } from '../../../support/conformance-cases.ts';
import { verdictOf } from '../../../support/verification-rule.ts';

/** Why each bad case is refused; a right verdict for the wrong reason would not last. */
const REFUSALS: Readonly<Record<string, string>> = {
  'bundle-empty-certificate-chain_fail': 'bundle_malformed',
  'bundle-from-wrong-instance_fail': 'certificate',
  'bundle-negative-log-index_fail': 'bundle_malformed',
  'bundle-unknown-version_fail': 'bundle_malformed',
  'bundle-with-root-cert_fail': 'certificate',
  'checkpoint-wrong-roothash_fail': 'log_entry',
  'dsse-mismatch-envelope_fail': 'log_entry',
  'incorrect-public-key_fail': 'log_entry',
  'integrated-time-in-future_fail': 'certificate',
  'intoto-expired-certificate_fail': 'certificate',
  'intoto-set-outside-signing-cert-validity_fail': 'certificate',
  'intoto-tsa-timestamp-outside-cert-validity_fail': 'certificate',
  'invalid-inclusion-proof_fail': 'log_entry',
  'managed-key-wrong-key_fail': 'unreadable_key',
  'rekor2-checkpoint-missing-root-hash_fail': 'log_entry',
  'rekor2-dsse-invalid-sig_fail': 'log_entry',
  'rekor2-no-inclusion-proof_fail': 'log_entry',
  'rekor2-no-timestamp_fail': 'timestamp',
  'rekor2-timestamp-outside-trust-root-tsa-validity_fail': 'timestamp',
  'rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail': 'timestamp',
  'set-invalid-signature_fail': 'log_entry',
  'signature-mismatch_fail': 'log_entry',
  'wrong-hashedrekord-artifact_fail': 'log_entry',
  'wrong-hashedrekord-entry_fail': 'log_entry',
};

const cases = readConformanceCases(await readPublicGoodRoot());

describe.each(cases)('attack 20: conformance case $name', ({ name, mustHold, ...given }) => {
  const bytes = readFileSync(given.artifactPath);
  const expected = mustHold ? 'accepted' : REFUSALS[name];
  const signers = [given.signer];

  test('gets the right verdict, for the right reason', () => {
    const artifact = { bytes };
    expect(verdictOf({ bundleBytes: given.bundleBytes, artifact, signers })).toBe(expected);
  });

  test('gets it also when only the digest of the artifact is known', () => {
    const artifact = { sha256: createHash('sha256').update(bytes).digest('hex') };
    expect(verdictOf({ bundleBytes: given.bundleBytes, artifact, signers })).toBe(expected);
  });

  test('is never accepted for another artifact', () => {
    const artifact = { bytes: Buffer.concat([bytes, Buffer.from('\n')]) };
    expect(verdictOf({ bundleBytes: given.bundleBytes, artifact, signers })).not.toBe('accepted');
  });
});

test('every case of the folder is there', () => {
  expect(cases).toHaveLength(37);
});
