import { parseUnknown, Provenance } from '@locara/protocol';
import * as z from 'zod';
import { workerEntry } from '../../workers/entry.ts';
import { runOnce } from '../../workers/run-once.ts';
import {
  VERIFICATION_RULES,
  type VerificationRule,
  type VerifyParams,
  type VerifyResult,
} from '../../workers/verify/ops.ts';
import { refusePackage } from './refuse-package.ts';

/** How long and how large one verification may be. */
export interface VerificationLimits {
  readonly timeoutMs: number;
  readonly maxHeapMib: number;
}

export const VERIFICATION_LIMITS: VerificationLimits = { timeoutMs: 10_000, maxHeapMib: 128 };

const Answer = z.strictObject({
  signer: z.int().min(0),
  provenance: Provenance.optional(),
  signedAt: z.iso.datetime(),
});
const Refusal = z.object({
  reason: z.literal('Unauthenticated'),
  details: z.object({ rule: z.enum(VERIFICATION_RULES) }),
});

/**
 * Verifies one bundle in a sealed process of its own, which is killed when its time is over. Whatever
 * happens to that process, what is no proof is `Unauthenticated` with `details.rule`.
 */
export async function verifyInChild(
  params: VerifyParams,
  { timeoutMs, maxHeapMib }: VerificationLimits = VERIFICATION_LIMITS,
): Promise<VerifyResult> {
  const entry = workerEntry('verify');
  const outcome = await runOnce({ entry, op: 'verify', params, timeoutMs, maxHeapMib });
  switch (outcome.cause) {
    case 'result':
      return readAnswer(outcome.result, params);
    case 'error':
      throw refusePackage(readRule(outcome.error) ?? 'verification_crashed');
    case 'timeout':
      throw refusePackage('verification_timeout');
    case 'unsealed':
      throw refusePackage('verification_unsealed');
    case 'crashed':
      throw refusePackage('verification_crashed');
  }
}

/** The process read hostile bytes: its word is taken no further than what was asked. */
function readAnswer(result: unknown, { signers }: VerifyParams): VerifyResult {
  const parsed = parseUnknown(Answer, result);
  const required = parsed.success ? signers[parsed.data.signer] : undefined;
  if (!parsed.success || required === undefined) throw refusePackage('verification_crashed');
  const { signer, signedAt, provenance } = parsed.data;
  if ('publicKeyPem' in required) return { signer, signedAt };
  if (provenance?.identity !== required.identity || provenance.issuer !== required.issuer) {
    throw refusePackage('verification_crashed');
  }
  return { signer, signedAt, provenance };
}

function readRule(error: unknown): VerificationRule | undefined {
  const parsed = parseUnknown(Refusal, error);
  return parsed.success ? parsed.data.details.rule : undefined;
}
