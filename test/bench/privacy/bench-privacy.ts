import type { Row } from '../measure.ts';
import { benchBudgets } from './budgets.ts';
import { benchCalls } from './calls.ts';
import { benchNoise } from './noise.ts';
import { benchDetection } from './redaction.ts';
import { benchVault } from './vault.ts';

/** What can be measured of privacy, by the name that chooses it. */
export const PRIVACY_MEASURES: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  'privacy.detect': () => Promise.resolve(benchDetection()),
  'privacy.noise': benchNoise,
  'privacy.budget': benchBudgets,
  'privacy.vault': benchVault,
  'privacy.calls': benchCalls,
};
