import type { KeylessVerifier } from './keyless-verifier.ts';
import { refusePackage } from './refuse-package.ts';
import { createTaskQueue } from '../../task-queue.ts';
import { VERIFICATION_LIMITS, type VerificationLimits, verifyInChild } from './verify-in-child.ts';

/** Verifies keyless bundles one after the other, each in a process of its own. */
export function createKeylessVerifier(
  limits: VerificationLimits = VERIFICATION_LIMITS,
): KeylessVerifier {
  const inTurn = createTaskQueue();
  return {
    async verify({ artifactBytes, bundleBytes, policies }) {
      if (policies.length === 0) throw refusePackage('untrusted_identity');
      const params = { bundleBytes, artifact: { bytes: artifactBytes }, signers: policies };
      const { signer, provenance, signedAt } = await inTurn(() => verifyInChild(params, limits));
      if (provenance === undefined) throw refusePackage('verification_crashed');
      return { policy: signer, provenance, signedAt };
    },
  };
}
