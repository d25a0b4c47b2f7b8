import type { BudgetLeft, BudgetState } from '@locara/protocol';
import type { Audit } from '../../audit/audit.ts';
import type { Budgets } from '../budget/budgets.ts';
import type { IntegerNoise } from '../noise/mechanisms/integer-noise.ts';
import type { PrivacyCall } from '../privacy-call.ts';
import type { PrivacyOps } from '../../workers/privacy/ops.ts';
import type { Worker } from '../../workers/worker.ts';
import {
  checkBins,
  checkCount,
  checkDraw,
  checkEpsilon,
  checkLabels,
  checkNumbers,
} from './check-release.ts';
import type { ChargedTo, NoiseMaker, Release } from './noise-maker.ts';
import {
  epsilonFraction,
  laplacianScale,
  type Price,
  pricePure,
  toCost,
  toMicroEpsilon,
} from './price.ts';
import { forEachInTurns } from '../../turns.ts';
import { cancelled, settleOnTick, SYSTEM_CLOCK, type TickClock, tickOf } from './ticks.ts';
import { prepareCentroid, prepareVectors } from './vector-releases.ts';

export interface NoiseMakerDeps {
  readonly worker: Pick<Worker<PrivacyOps>, 'call' | 'prepare'>;
  readonly budgets: Pick<Budgets, 'charge' | 'assertFits'>;
  readonly audit: Pick<Audit, 'effect'>;
  readonly clock?: TickClock;
}

export function createNoiseMaker(deps: NoiseMakerDeps): NoiseMaker {
  return new ChargedNoise(deps);
}

/** Steps between the bounds of a mean. */
const MEAN_STEPS = 2 ** 20;
/** Steps in the scale of noise that is drawn alone. */
const STEPS_PER_SCALE = 4000;

/** As long as a kilobyte of text takes to be redacted, which shares the worker and is told in these. */
const COORDINATES_A_UNIT = 512;
/** The most that fits a message is drawn in half a second: past this the worker hangs. */
const TIMEOUT_MS = 30_000;
/** With the time in which the calls of others go first. */
const DEADLINE_MS = 5 * 60_000;

/** What one release is charged for, and how much of it there is to draw. */
interface Charged {
  readonly op: keyof PrivacyOps;
  readonly to: ChargedTo;
  readonly price: Price;
  readonly records: number;
  readonly coordinates: number;
}

class ChargedNoise implements NoiseMaker {
  readonly #worker: NoiseMakerDeps['worker'];
  readonly #budgets: NoiseMakerDeps['budgets'];
  readonly #audit: NoiseMakerDeps['audit'];
  readonly #clock: TickClock;

  constructor({ worker, budgets, audit, clock = SYSTEM_CLOCK }: NoiseMakerDeps) {
    this.#worker = worker;
    this.#budgets = budgets;
    this.#audit = audit;
    this.#clock = clock;
  }

  protectVectors: NoiseMaker['protectVectors'] = async (vectors, settings, call) => {
    const { lattice, price, records, effect } = prepareVectors(vectors, settings);
    const { clip, isNormalized = false } = settings;
    const coordinates = countCoordinates(vectors);
    const charged = { op: 'noiseVectors', to: settings, price, records, coordinates } as const;
    return this.#release(charged, call, async (left) => {
      const task = { vectors, clip, lattice, isNormalized };
      const noisy = await this.#worker.call('noiseVectors', task, drawing(call, coordinates));
      return { vectors: noisy.vectors, effect: { ...effect, ...left } };
    });
  };

  assertReleasable: NoiseMaker['assertReleasable'] = async (shape, settings, { session }) => {
    const { dimensions, records } = shape;
    const { price } = prepareVectors([new Float32Array(dimensions).fill(1)], settings);
    const { budget, subject } = settings;
    const { unit } = price;
    await this.#budgets.assertFits(session.appId, { budget, subject, unit, records });
  };

  centroid: NoiseMaker['centroid'] = async (vectors, settings, call) => {
    const { lattice, price, records, effect } = prepareCentroid(vectors, settings);
    const coordinates = countCoordinates(vectors);
    const charged = { op: 'noiseCentroid', to: settings, price, records, coordinates } as const;
    return this.#release(charged, call, async (left) => {
      const task = { vectors, clip: settings.clip, lattice };
      const { vector } = await this.#worker.call('noiseCentroid', task, drawing(call, coordinates));
      return { vector, effect: { ...effect, ...left } };
    });
  };

  drawNoise: NoiseMaker['drawNoise'] = async ({ mechanism, dimensions, scale }, call) => {
    checkDraw(dimensions, scale);
    const noise: IntegerNoise =
      mechanism === 'gaussian'
        ? { mechanism, squaredSigma: STEPS_PER_SCALE ** 2 }
        : { mechanism, scale: { numerator: STEPS_PER_SCALE, denominator: 1 } };
    const task = { dimensions, noise, step: scale / STEPS_PER_SCALE };
    const drawn = await this.#onTick(dimensions, call, () =>
      this.#worker.call('drawNoise', task, drawing(call, dimensions)),
    );
    return drawn.noise;
  };

  randomizeLabel: NoiseMaker['randomizeLabel'] = async (asked, call) => {
    checkEpsilon(asked.epsilon);
    const index = checkLabels(asked.label, asked.labels);
    const microEpsilon = toMicroEpsilon(asked.epsilon);
    const price = pricePure(microEpsilon);
    const charged = { op: 'randomizeLabel', to: asked, price, records: 1, coordinates: 1 } as const;
    const drawn = await this.#release(charged, call, () => {
      const choice = { index, labels: asked.labels.length, epsilon: epsilonFraction(microEpsilon) };
      return this.#worker.call('randomizeLabel', choice, drawing(call, 1));
    });
    const told = asked.labels[drawn.index];
    if (told === undefined) throw new Error('a label was drawn that there is not');
    return told;
  };

  count: NoiseMaker['count'] = async (asked, call) => {
    checkCount(asked.count);
    const { value, ...release } = await this.#releaseIntegers([asked.count], asked, call);
    return { value: value[0] ?? 0, ...release };
  };

  histogram: NoiseMaker['histogram'] = async (asked, call) => {
    checkBins(asked.bins);
    const counts = new Map(asked.bins.map((bin) => [bin, 0]));
    const addTo = (value: string): void => {
      const count = counts.get(value);
      if (count !== undefined) counts.set(value, count + 1);
    };
    await forEachInTurns(asked.values, addTo, call.signal);
    return this.#releaseIntegers([...counts.values()], asked, call);
  };

  mean: NoiseMaker['mean'] = async (asked, call) => {
    const { values, lower, upper } = asked;
    checkNumbers(values, asked);
    const width = upper - lower;
    const toSteps = (value: number): number =>
      Math.round(((Math.min(upper, Math.max(lower, value)) - lower) / width) * MEAN_STEPS);
    const sum = values.reduce((steps, value) => steps + toSteps(value), 0);
    const summed = { ...asked, sensitivity: MEAN_STEPS };
    const { value, scale, ...release } = await this.#releaseIntegers([sum], summed, call);
    const unit = width / MEAN_STEPS / values.length;
    return { value: lower + (value[0] ?? 0) * unit, scale: scale * unit, ...release };
  };

  /** Whole numbers which one record changes by `sensitivity` altogether, 1 by default. */
  async #releaseIntegers(
    values: readonly number[],
    asked: ChargedTo & { readonly epsilon: number; readonly sensitivity?: number },
    call: PrivacyCall,
  ): Promise<Release<readonly number[]>> {
    checkEpsilon(asked.epsilon);
    const microEpsilon = toMicroEpsilon(asked.epsilon);
    const price = pricePure(microEpsilon);
    const scale = laplacianScale(asked.sensitivity ?? 1, microEpsilon);
    const coordinates = values.length;
    const charged = { op: 'noiseIntegers', to: asked, price, records: 1, coordinates } as const;
    return this.#release(charged, call, async (left) => {
      const task = { values, noise: { mechanism: 'laplacian', scale } } as const;
      const drawn = await this.#worker.call('noiseIntegers', task, drawing(call, coordinates));
      return {
        value: drawn.values,
        scale: scale.numerator / scale.denominator,
        cost: toCost(price, 1),
        ...left,
      };
    });
  }

  /**
   * Charges, and only then draws, knowing what is left: what fails after that stays charged. A worker at rest, or one
   * that does not start, is found before.
   */
  #release<T>(
    { op, to: { budget, subject }, price, records, coordinates }: Charged,
    call: PrivacyCall,
    draw: (left: { readonly budget?: BudgetLeft }) => Promise<T>,
  ): Promise<T> {
    return this.#onTick(coordinates, call, async () => {
      await this.#worker.prepare(op, drawing(call, coordinates));
      const { appId } = call.session;
      const { unit } = price;
      const state = await this.#budgets.charge(appId, { budget, subject, unit, records });
      const counts = { records, microRho: unit.microRho * records };
      this.#audit.effect({ appId, method: call.method, step: 'dp', counts });
      return draw(leftOf(state));
    });
  }

  #onTick<T>(coordinates: number, { signal }: PrivacyCall, work: () => Promise<T>): Promise<T> {
    if (signal.aborted) throw cancelled();
    return settleOnTick(work, { tickMs: tickOf(coordinates), signal, clock: this.#clock });
  }
}

function leftOf({ remaining, isExhausted }: BudgetState): { readonly budget?: BudgetLeft } {
  return remaining === undefined ? {} : { budget: { remaining, isExhausted } };
}

/** Apps that draw at once are served equally, by how much they draw. */
function drawing({ session, signal }: PrivacyCall, coordinates: number) {
  return {
    app: session.appId,
    signal,
    cost: Math.ceil(coordinates / COORDINATES_A_UNIT),
    timeoutMs: TIMEOUT_MS,
    deadlineMs: DEADLINE_MS,
  };
}

function countCoordinates(vectors: readonly Float32Array[]): number {
  return vectors.length * (vectors[0]?.length ?? 0);
}
