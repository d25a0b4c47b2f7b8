import type { LoadedEngine } from '../engine.ts';
import type { VerifyOps } from './ops.ts';
import { verifyStrictly } from './verify-strictly.ts';

/** Verifies one bundle; the parent ends the process after its answer, or after its patience. */
export function createVerifyEngine(): LoadedEngine<VerifyOps> {
  return {
    engine: { verify: (params) => verifyStrictly(params) },
    device: { device: 'CPU', threads: 1, why: 'It verifies one bundle.' },
  };
}
