import { RpcError } from '@locara/protocol';
import { expect, test } from 'vitest';
import { createNoiseMaker } from '../../../../daemon/privacy/releases/create-noise-maker.ts';
import type { VectorNoise } from '../../../../daemon/privacy/releases/noise-maker.ts';
import type { PrivacyOps } from '../../../../daemon/workers/privacy/ops.ts';
import type { Worker } from '../../../../daemon/workers/worker.ts';
import { openRecordedBudgets } from '../../../support/budget-home.ts';
import { callOf } from '../../../support/vault.ts';

const DEFAULTS: VectorNoise = {
  mechanism: 'gaussian',
  epsilon: 1,
  delta: 1e-5,
  clip: 1,
  acceptUselessUtility: true,
};
const call = callOf();
const vectors = [Float32Array.of(1, 0), Float32Array.of(0, 1)];

test('a worker that rests or does not start costs nothing', async () => {
  const budgets = openRecordedBudgets();
  const asked: unknown[] = [];
  const worker: Pick<Worker<PrivacyOps>, 'call' | 'prepare'> = {
    prepare: (op) => {
      asked.push(op);
      return Promise.reject(new RpcError('Unavailable', 'The engine crashed; it rests.'));
    },
    call: () => Promise.reject(new RpcError('Unavailable', 'The engine crashed; it rests.')),
  };
  const effects: unknown[] = [];
  const audit = { effect: (effect: unknown) => void effects.push(effect) };
  const noise = createNoiseMaker({ worker, budgets, audit });
  const releases = [
    () => noise.count({ count: 1, epsilon: 1 }, call),
    () => noise.randomizeLabel({ label: 'a', labels: ['a', 'b'], epsilon: 1 }, call),
    () => noise.protectVectors(vectors, DEFAULTS, call),
    () => noise.centroid(vectors, DEFAULTS, call),
  ];
  for (const release of releases) {
    await expect(release()).rejects.toMatchObject({ reason: 'Unavailable' });
  }
  expect(asked).toEqual(['noiseIntegers', 'randomizeLabel', 'noiseVectors', 'noiseCentroid']);
  expect(budgets.charges).toEqual([]);
  expect(effects).toEqual([]);
});
