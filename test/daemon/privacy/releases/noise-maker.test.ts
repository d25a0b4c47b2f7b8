import { RpcError } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import type { PrivacyOps } from '../../../../daemon/workers/privacy/ops.ts';
import type { Worker } from '../../../../daemon/workers/worker.ts';
import { createNoiseMaker } from '../../../../daemon/privacy/releases/create-noise-maker.ts';
import type { VectorNoise } from '../../../../daemon/privacy/releases/noise-maker.ts';
import { gaussianSigma } from '../../../../daemon/privacy/noise/accounting/gaussian-curve.ts';
import type { TickClock } from '../../../../daemon/privacy/releases/ticks.ts';
import { openRecordedBudgets } from '../../../support/budget-home.ts';
import { createInProcessPrivacyWorker } from '../../../support/privacy-worker.ts';

const DEFAULTS: VectorNoise = {
  mechanism: 'gaussian',
  epsilon: 1,
  delta: 1e-5,
  clip: 1,
  acceptUselessUtility: true,
};

const BLOCKING = { onExhausted: 'block' } as const;

/** A clock on which waiting takes no time. */
function createQuickClock(): TickClock {
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    wait: (ms) => {
      nowMs += ms;
      return Promise.resolve();
    },
  };
}

function setUp() {
  const budgets = openRecordedBudgets();
  const worker = createInProcessPrivacyWorker();
  const noise = createNoiseMaker({
    worker,
    budgets,
    audit: { effect: () => undefined },
    clock: createQuickClock(),
  });
  const call = {
    session: { id: 'session-1', appId: 'test.app' },
    method: 'privacy.noise',
    signal: new AbortController().signal,
  };
  return { noise, call, budgets };
}

function makeVectors(count: number, dimensions = 384): Float32Array[] {
  return Array.from({ length: count }, (_, index) =>
    Float32Array.from({ length: dimensions }, (_value, at) => Math.cos(index + at)),
  );
}

describe('vectors', () => {
  test('cost one record each', async () => {
    const { noise, call, budgets } = setUp();
    const { vectors, effect } = await noise.protectVectors(makeVectors(1000, 8), DEFAULTS, call);
    expect(vectors).toHaveLength(1000);
    expect(effect.cost.records).toBe(1000);
    expect(budgets.charges).toMatchObject([{ records: 1000, unit: { microRho: 35_926 } }]);
    expect(budgets.charges[0]?.unit).not.toHaveProperty('microEpsilon');
  });

  test('are charged before they are drawn, and not drawn where that fails', async () => {
    const { noise, call, budgets } = setUp();
    await budgets.create('test.app', 'b', { ...BLOCKING, maxEpsilon: 3, delta: 1e-5 });
    const settings = { ...DEFAULTS, budget: 'b', subject: 's' };
    await noise.protectVectors(makeVectors(1), settings, call);
    await expect(noise.protectVectors(makeVectors(1000), settings, call)).rejects.toMatchObject({
      reason: 'QuotaExceeded',
      details: { rule: 'privacy_budget' },
    });
    expect(budgets.charges).toHaveLength(1);
  });

  test.each([0.1, 0.5, 1, 2, 4, 8, 10, 20])(
    'at epsilon %d have the analytic sigma, where the classical one is too noisy or not private',
    async (epsilon) => {
      const { noise, call } = setUp();
      const { effect } = await noise.protectVectors(makeVectors(1), { ...DEFAULTS, epsilon }, call);
      const analytic = 2 * gaussianSigma(epsilon, 1e-5);
      expect(effect.sigma).toBeGreaterThanOrEqual(analytic);
      expect(effect.sigma / analytic).toBeLessThan(1 + 1e-5);
      expect(effect.cost).toMatchObject({ epsilon, delta: 1e-5, records: 1 });
    },
  );

  test('with Laplacian noise have the scale of their L1 sensitivity', async () => {
    const { noise, call } = setUp();
    const settings: VectorNoise = { ...DEFAULTS, mechanism: 'laplacian' };
    const { vectors, effect } = await noise.protectVectors(makeVectors(50), settings, call);
    const scale = 2 * Math.sqrt(384);
    expect(effect.sigma / (Math.SQRT2 * scale)).toBeCloseTo(1, 2);
    expect(effect.cost).toEqual({ rho: 0.5, epsilon: 1, delta: 0, records: 50 });
    const sizes = vectors.flatMap((vector) => [...vector].map(Math.abs));
    expect(sizes.reduce((sum, size) => sum + size, 0) / sizes.length / scale).toBeCloseTo(1, 1);
  });

  test('that would be noise and nothing else are refused, with what would be enough', async () => {
    const { noise, call, budgets } = setUp();
    const strict = { ...DEFAULTS, acceptUselessUtility: false };
    for (const mechanism of ['gaussian', 'laplacian'] as const) {
      const refused = await noise
        .protectVectors(makeVectors(1), { ...strict, mechanism }, call)
        .then(
          () => undefined,
          (error: unknown) => error as { details: { leastEpsilon: number } },
        );
      expect(refused).toMatchObject({
        reason: 'InvalidParams',
        details: { rule: 'useless_utility', leastCosine: 0.3 },
      });
      const epsilon = refused?.details.leastEpsilon ?? NaN;
      const { effect } = await noise.protectVectors(
        makeVectors(1),
        { ...strict, mechanism, epsilon },
        call,
      );
      expect(effect.expectedCosine).toBeGreaterThanOrEqual(0.3);
      expect(effect.expectedCosine).toBeLessThan(0.305);
    }
    expect(budgets.charges).toHaveLength(2);
  });

  test('of length 1 when asked for', async () => {
    const { noise, call } = setUp();
    const settings = { ...DEFAULTS, isNormalized: true };
    const { vectors } = await noise.protectVectors(makeVectors(3), settings, call);
    for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
  });

  test.each([
    ['NaN', [Float32Array.of(1, NaN)], 'vector'],
    ['Infinity', [Float32Array.of(Infinity, 1)], 'vector'],
    ['no direction', [new Float32Array(4)], 'vector'],
    ['no coordinates', [new Float32Array()], 'vector'],
    ['different lengths', [Float32Array.of(1), Float32Array.of(1, 2)], 'dimensions'],
    ['nothing', [], 'vector'],
  ])('with %s are refused before anything is charged', async (_name, vectors, rule) => {
    const { noise, call, budgets } = setUp();
    await expect(noise.protectVectors(vectors, DEFAULTS, call)).rejects.toMatchObject({
      reason: 'InvalidParams',
      details: { rule },
    });
    expect(budgets.charges).toEqual([]);
  });

  test.each([
    ...[NaN, -1, 0, Infinity, 1e-9, 1001].map((value) => ['epsilon', value] as const),
    ...[NaN, -1e-5, 0, 1, Infinity].map((value) => ['delta', value] as const),
    ...[NaN, -1, 0, Infinity, 1e-30].map((value) => ['clip', value] as const),
  ])('with a %s of %d are refused', async (name, value) => {
    const { noise, call, budgets } = setUp();
    const settings = { ...DEFAULTS, [name]: value };
    await expect(noise.protectVectors(makeVectors(1), settings, call)).rejects.toMatchObject({
      reason: 'InvalidParams',
      details: { rule: name },
    });
    expect(budgets.charges).toEqual([]);
  });

  test('that need more noise than can be drawn are refused', async () => {
    const { noise, call } = setUp();
    const settings = { ...DEFAULTS, epsilon: 1e-6, delta: 1e-300 };
    await expect(noise.protectVectors(makeVectors(1), settings, call)).rejects.toMatchObject({
      details: { rule: 'epsilon' },
    });
  });
});

describe('labels', () => {
  const labels = ['yes', 'no', 'maybe'];

  test('leave an attacker who sees the answer hardly more than a guess', async () => {
    const { noise, call } = setUp();
    const told = await Promise.all(
      Array.from({ length: 4000 }, async (_, n) => {
        const label = n % 2 === 0 ? 'yes' : 'no';
        const asked = { label, labels: ['yes', 'no'], epsilon: 0.1 };
        // All that an answer says is the label: the best guess is to believe it.
        return (await noise.randomizeLabel(asked, call)) === label;
      }),
    );
    const right = told.filter(Boolean).length;
    // e^0.1 / (1 + e^0.1) = 0.525; 6.1 deviations. LocalMode's answers gave away every one of 2000.
    expect(Math.abs(right / 4000 - 0.525)).toBeLessThan(0.049);
  });

  test('cost a pure epsilon, in whole millionths', async () => {
    const { noise, call, budgets } = setUp();
    for (const epsilon of [0.7, 1, 0.1, 2.5]) {
      await noise.randomizeLabel({ label: 'no', labels, epsilon }, call);
    }
    expect(budgets.charges.map(({ unit }) => unit)).toEqual([
      { microRho: 245_000, microEpsilon: 700_000 },
      { microRho: 500_000, microEpsilon: 1_000_000 },
      { microRho: 5000, microEpsilon: 100_000 },
      { microRho: 3_125_000, microEpsilon: 2_500_000 },
    ]);
  });

  test('ten of epsilon 1 fit in a budget of 10, and no more', async () => {
    const { noise, call, budgets } = setUp();
    await budgets.create('test.app', 'b', { ...BLOCKING, maxEpsilon: 10, delta: 1e-9 });
    const asked = { label: 'no', labels, epsilon: 1, budget: 'b' };
    for (let n = 0; n < 10; n += 1) await noise.randomizeLabel(asked, call);
    await expect(noise.randomizeLabel(asked, call)).rejects.toMatchObject({
      reason: 'QuotaExceeded',
    });
  });

  test.each([
    ['label', { label: 'perhaps', labels }],
    ['labels', { label: 'yes', labels: ['yes', 'yes', 'no'] }],
    ['labels', { label: 'yes', labels: ['yes'] }],
  ])('break the rule `%s`', async (rule, asked) => {
    const { noise, call, budgets } = setUp();
    await expect(noise.randomizeLabel({ ...asked, epsilon: 1 }, call)).rejects.toMatchObject({
      reason: 'InvalidParams',
      details: { rule },
    });
    expect(budgets.charges).toEqual([]);
  });

  test('come out as often as promised', async () => {
    const { noise, call } = setUp();
    const asked = { label: 'yes', labels, epsilon: 1 };
    const told = await Promise.all(
      Array.from({ length: 3000 }, () => noise.randomizeLabel(asked, call)),
    );
    const kept = told.filter((label) => label === 'yes').length;
    // 0.576116884765829 by the reference; 6.1 deviations.
    expect(Math.abs(kept / 3000 - 0.5761)).toBeLessThan(0.055);
  });
});

describe('aggregates', () => {
  test('a count has noise of scale 1/epsilon', async () => {
    const { noise, call } = setUp();
    const release = await noise.count({ count: 100, epsilon: 0.1 }, call);
    expect(Number.isInteger(release.value)).toBe(true);
    expect(release).toMatchObject({
      scale: 10,
      cost: { rho: 0.005, epsilon: 0.1, delta: 0, records: 1 },
    });
  });

  test('a histogram counts each bin, the empty ones too, and is one release', async () => {
    const { noise, call, budgets } = setUp();
    const values = [...Array<string>(500).fill('a'), ...Array<string>(100).fill('b'), 'elsewhere'];
    const asked = { values, bins: ['a', 'b', 'c'], epsilon: 10 };
    const { value } = await noise.histogram(asked, call);
    expect(value).toHaveLength(3);
    [500, 100, 0].forEach((count, at) => {
      expect(Math.abs((value[at] ?? NaN) - count)).toBeLessThan(10);
    });
    expect(budgets.charges).toHaveLength(1);
    await expect(noise.histogram({ ...asked, bins: ['a', 'a'] }, call)).rejects.toMatchObject({
      details: { rule: 'bins' },
    });
  });

  test('a mean holds its values within the bounds', async () => {
    const { noise, call } = setUp();
    const values = [...Array<number>(9999).fill(30), 1e9];
    const release = await noise.mean({ values, lower: 0, upper: 100, epsilon: 1 }, call);
    expect(release.value).toBeCloseTo(30, 0);
    expect(release.scale).toBeCloseTo(0.01, 6);
    for (const bounds of [
      { lower: 1, upper: 1 },
      { lower: 2, upper: 1 },
      { lower: NaN, upper: 1 },
      { lower: 0, upper: Infinity },
    ]) {
      await expect(noise.mean({ values, ...bounds, epsilon: 1 }, call)).rejects.toMatchObject({
        details: { rule: 'bounds' },
      });
    }
    const asked = { values: [NaN], lower: 0, upper: 1, epsilon: 1 };
    await expect(noise.mean(asked, call)).rejects.toMatchObject({ details: { rule: 'values' } });
  });

  test('a centroid of many is of use at epsilon 1, where no vector alone is, and is one release', async () => {
    const { noise, call, budgets } = setUp();
    const vectors = Array.from({ length: 2000 }, () => makeVectors(1)).flat();
    const settings = { ...DEFAULTS, acceptUselessUtility: false };
    const { vector, effect } = await noise.centroid(vectors, settings, call);
    expect(vector).toHaveLength(384);
    expect(effect.sigma).toBeCloseTo((2 * gaussianSigma(1, 1e-5)) / 2000, 8);
    expect(effect.expectedCosine).toBeGreaterThan(0.99);
    expect(budgets.charges).toMatchObject([{ records: 1 }]);
    await expect(noise.centroid(vectors.slice(0, 10), settings, call)).rejects.toMatchObject({
      details: { rule: 'useless_utility' },
    });
  });
});

test('noise alone costs nothing', async () => {
  const { noise, call, budgets } = setUp();
  for (const mechanism of ['gaussian', 'laplacian'] as const) {
    const drawn = await noise.drawNoise({ mechanism, dimensions: 20_000, scale: 3 }, call);
    const size = drawn.reduce((sum, x) => sum + Math.abs(x), 0) / drawn.length;
    expect(size / 3).toBeCloseTo(mechanism === 'gaussian' ? Math.sqrt(2 / Math.PI) : 1, 1);
  }
  expect(budgets.charges).toEqual([]);
});

test('a worker that hangs does not make a release wait for ever, which stays charged', async () => {
  const budgets = openRecordedBudgets();
  const options: object[] = [];
  const worker: Pick<Worker<PrivacyOps>, 'call' | 'prepare'> = {
    prepare: () => Promise.resolve(),
    call: (_op, _params, given) => {
      options.push(given ?? {});
      return Promise.reject(new RpcError('Timeout', 'The call took too long.'));
    },
  };
  const audit = { effect: () => undefined };
  const noise = createNoiseMaker({ worker, budgets, audit, clock: createQuickClock() });
  const { call } = setUp();
  await expect(noise.count({ count: 1, epsilon: 1 }, call)).rejects.toMatchObject({
    reason: 'Timeout',
  });
  expect(options).toMatchObject([{ timeoutMs: 30_000, deadlineMs: 300_000, cost: 1 }]);
  expect(budgets.charges).toHaveLength(1);
});
