import { methods, type MethodName } from '@locara/protocol';
import { describe, expect, onTestFinished, test } from 'vitest';
import { privacyNoiseHandlers } from '../../../daemon/handlers/privacy-noise.ts';
import { createNoiseMaker } from '../../../daemon/privacy/releases/create-noise-maker.ts';
import { fakeSessionCall } from '../../fakes/session-call.ts';
import { openRecordedBudgets } from '../../support/budget-home.ts';
import { createPrivacyWorker } from '../../support/privacy-worker.ts';

type NoiseMethod = keyof ReturnType<typeof privacyNoiseHandlers>;

/** The handlers over the real worker, with params and results held to their schemas. */
function setUp() {
  const worker = createPrivacyWorker();
  onTestFinished(() => worker.close());
  const budgets = openRecordedBudgets();
  const handlers = privacyNoiseHandlers({
    noise: createNoiseMaker({ worker, budgets, audit: { effect: () => undefined } }),
  });
  const ask = async (method: NoiseMethod, params: object): Promise<Record<string, unknown>> => {
    const handler = handlers[method] as (params: unknown, call: unknown) => Promise<unknown>;
    const spec = methods[method satisfies MethodName];
    const result = await handler(spec.params.parse(params), fakeSessionCall());
    return spec.result.strict().parse(result);
  };
  return { ask, budgets };
}

const vector = Array.from({ length: 384 }, (_, at) => Math.sin(at));
const f32 = Buffer.from(Float32Array.from(vector).buffer).toString('base64');

describe('over the sealed worker', () => {
  test('every method answers as its schema says', async () => {
    const { ask, budgets } = setUp();
    const noisy = await ask('privacy.noise', {
      vectors: [vector, { f32 }],
      epsilon: 10,
      acceptUselessUtility: true,
      encoding: 'f32',
    });
    expect(noisy).toMatchObject({ mechanism: 'gaussian', cost: { records: 2, delta: 1e-5 } });
    expect(
      Buffer.from((noisy['vectors'] as { f32: string }[])[1]?.f32 ?? '', 'base64'),
    ).toHaveLength(4 * 384);
    expect(await ask('privacy.drawNoise', { dimensions: 3, scale: 1 })).toHaveProperty('noise');
    const labels = ['a', 'b'];
    const told = await ask('privacy.randomizedResponse', { label: 'a', labels, epsilon: 1 });
    expect(Object.keys(told)).toEqual(['label']);
    expect(await ask('privacy.count', { count: 7 })).toMatchObject({ scale: 1 });
    const histogram = { values: ['x', 'y', 'x'], bins: ['x', 'y', 'z'] };
    expect((await ask('privacy.histogram', histogram))['counts']).toHaveLength(3);
    expect(await ask('privacy.mean', { values: [1, 2], lower: 0, upper: 4 })).toMatchObject({
      scale: 2,
    });
    const centroid = { vectors: Array<number[]>(500).fill(vector.slice(0, 8)) };
    expect((await ask('privacy.centroid', centroid))['vector']).toHaveLength(8);
    expect(budgets.charges).toHaveLength(6);
  });

  test('a budget that warns is told of in each answer that goes beyond it', async () => {
    const { ask, budgets } = setUp();
    const { appId } = fakeSessionCall().session;
    await budgets.create(appId, 'w', { maxEpsilon: 1.5, delta: 1e-5, onExhausted: 'warn' });
    const budget = 'w';
    expect(await ask('privacy.count', { count: 7, budget })).toMatchObject({
      budget: { isExhausted: false, remaining: { epsilon: 0.5 } },
    });
    const over = { budget: { isExhausted: true, remaining: { rho: 0, epsilon: 0 } } };
    expect(await ask('privacy.mean', { values: [1], lower: 0, upper: 1, budget })).toMatchObject(
      over,
    );
    expect(await ask('privacy.histogram', { values: [], bins: ['a'], budget })).toMatchObject(over);
    const vectors = { vectors: [[1, 0]], acceptUselessUtility: true, budget };
    expect(await ask('privacy.noise', vectors)).toMatchObject(over);
    expect(await ask('privacy.centroid', vectors)).toMatchObject(over);
    const response = { label: 'a', labels: ['a', 'b'], epsilon: 1, budget };
    expect(Object.keys(await ask('privacy.randomizedResponse', response))).toEqual(['label']);
    expect(await ask('privacy.count', { count: 7 })).not.toHaveProperty('budget');
  });

  test('an answer that would not fit a message is refused before it is charged', async () => {
    const { ask, budgets } = setUp();
    const long = Buffer.alloc(4 * 8192).toString('base64');
    const vectors = Array.from({ length: 40 }, () => ({ f32: long }));
    await expect(
      ask('privacy.noise', { vectors, acceptUselessUtility: true }),
    ).rejects.toMatchObject({ reason: 'PayloadTooLarge' });
    const longest = {
      f32: Buffer.from(new Float32Array(200_000).fill(1).buffer).toString('base64'),
    };
    await expect(
      ask('privacy.centroid', { vectors: [longest], acceptUselessUtility: true }),
    ).rejects.toMatchObject({ reason: 'PayloadTooLarge' });
    expect(budgets.charges).toEqual([]);
  });
});

describe('what is no number is refused by the schema', () => {
  test.each(['NaN', NaN, Infinity, -Infinity, -1, 0, null, '1', 1001])('epsilon %s', (epsilon) => {
    for (const [method, params] of [
      ['privacy.noise', { vectors: [[1]] }],
      ['privacy.randomizedResponse', { label: 'a', labels: ['a', 'b'] }],
      ['privacy.count', { count: 1 }],
      ['privacy.histogram', { values: [], bins: ['a'] }],
      ['privacy.mean', { values: [1], lower: 0, upper: 1 }],
      ['privacy.centroid', { vectors: [[1]] }],
    ] as const) {
      expect(methods[method].params.safeParse({ ...params, epsilon }).success).toBe(false);
    }
  });

  test.each([NaN, Infinity, -1e-5, 0, 1, 5e-324, 2.3e-308])('delta %s', (delta) => {
    expect(methods['privacy.noise'].params.safeParse({ vectors: [[1]], delta }).success).toBe(
      false,
    );
  });
});
