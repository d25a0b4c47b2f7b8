import { createNoiseOps } from '../../privacy/noise/create-noise-ops.ts';
import { createRedactionOps } from '../../privacy/redaction/create-redaction-ops.ts';
import type { LoadedEngine } from '../engine.ts';
import type { PrivacyOps } from './ops.ts';

/** Looks into texts and draws noise; loads no library that is not plain JavaScript. */
export function createPrivacyEngine(): LoadedEngine<PrivacyOps> {
  return {
    engine: { ...createRedactionOps(), ...createNoiseOps() },
    device: {
      device: 'CPU',
      threads: 1,
      why: 'Finding patterns and drawing noise is work for one thread.',
    },
  };
}
