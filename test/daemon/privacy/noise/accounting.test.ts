import { describe, expect, test } from 'vitest';
import { costOfRhoFraction } from '../../../../daemon/privacy/budget/micro-units.ts';
import { erfc, erfcx } from '../../../../daemon/privacy/noise/accounting/erfcx.ts';
import {
  gaussianDelta,
  gaussianEpsilon,
  gaussianSigma,
} from '../../../../daemon/privacy/noise/accounting/gaussian-curve.ts';
import { epsilonOfGaussianRho } from '../../../../daemon/privacy/noise/accounting/gaussian-dp.ts';
import { zcdpEpsilon, zcdpRho } from '../../../../daemon/privacy/noise/accounting/zcdp.ts';
import reference from '../../../fixtures/dp/reference.json' with { type: 'json' };
import { composePure } from '../../../support/privacy-theory/compose-pure.ts';
import {
  describeDiscreteGaussian,
  discreteGaussianDelta,
} from '../../../support/privacy-theory/discrete-gaussian.ts';
import { responseOdds } from '../../../support/privacy-theory/response-odds.ts';
import { zcdpDelta } from '../../../support/privacy-theory/zcdp-delta.ts';

const RELATIVE = 1e-9;

function expectNear(actual: number, expected: number | string, relative = RELATIVE): void {
  expect(Math.abs(actual / Number(expected) - 1), `${actual} for ${expected}`).toBeLessThan(
    relative,
  );
}

function classicalSigma(epsilon: number, delta: number): number {
  return Math.sqrt(2 * Math.log(1.25 / delta)) / epsilon;
}

describe('the tail of the normal distribution', () => {
  // By mpmath with 40 digits.
  test.each([
    [-3, 16205.988853999587, 1.9999779095030014],
    [-0.5, 1.9523604891825571, 1.5204998778130465],
    [0, 1.0, 1.0],
    [1e-9, 0.99999999887162083, 0.99999999887162083],
    [0.3, 0.73459933456765515, 0.67137324054087258],
    [0.999, 0.42785694262141683, 0.15771472979350306],
    [1, 0.427583576155807, 0.15729920705028513],
    [1.7, 0.29166329707534347, 0.016209541409225439],
    [5, 0.11070463773306863, 1.5374597944280349e-12],
    [12, 0.046854221014893763, 1.3562611692059042e-64],
    [26, 0.021683584850562907, 5.6631924088561428e-296],
    [1e6, 5.6418958354747419e-7, 0],
  ])('at %d has all digits of a double', (x, scaled, plain) => {
    expectNear(erfcx(x), scaled, 4e-15);
    if (plain > 0) expectNear(erfc(x), plain, 2e-13);
  });
});

describe('the Gaussian mechanism', () => {
  test.each(reference.analytic_gaussian_sigma)('needs sigma $sigma for ($eps, $delta)', (row) => {
    const sigma = gaussianSigma(Number(row.eps), Number(row.delta));
    expectNear(sigma, row.sigma);
    expect(sigma).toBeGreaterThanOrEqual(Number(row.sigma) * (1 - 1e-14));
    expectNear(gaussianDelta(Number(row.eps), sigma), row.delta);
    expect(gaussianDelta(Number(row.eps), sigma)).toBeLessThanOrEqual(Number(row.delta));
    expectNear(gaussianEpsilon(sigma, Number(row.delta)), row.eps);
    expectNear(classicalSigma(Number(row.eps), Number(row.delta)), row.sigma_classic);
  });

  test.each(reference.classical_gaussian_true_delta)(
    'with the classical sigma has delta $true_delta at $eps',
    ({ eps, claimed_delta, sigma, true_delta }) => {
      expectNear(classicalSigma(eps, Number(claimed_delta)), sigma);
      expectNear(gaussianDelta(eps, Number(sigma)), true_delta);
    },
  );

  test("agrees with Google's and OpenDP's own constants", () => {
    expectNear(gaussianDelta(0.1, 10), 0.00875176814581);
    expectNear(gaussianDelta(0.1, 20 / 2), 0.00875176814581);
    expectNear(gaussianDelta(Math.log(3), 10 / 5), 0.004159742234000802);
    expectNear(gaussianDelta(0, 0.5), 0.6826894921370859);
    expectNear(zcdpDelta(0.05, 0.25), 8.17727531036956e-2);
    // Of sensitivity 1, 2 and 3, at a deviation of 1.
    const rhos = [1n, 4n, 9n].map((square) => costOfRhoFraction(square, 2n).microRho / 1e6);
    expect(rhos).toEqual([0.5, 2, 4.5]);
  });

  test('is calibrated for the least and the greatest demands', () => {
    for (const epsilon of [1e-9, 1e-6, 1e-3, 30, 1000]) {
      for (const delta of [1e-300, 1e-12, 1e-5, 0.5, 1 - 1e-12]) {
        const sigma = gaussianSigma(epsilon, delta);
        expect(sigma).toBeGreaterThan(0);
        expect(sigma).toBeLessThan(Infinity);
      }
    }
  });
});

describe('zCDP', () => {
  test.each(reference.zcdp_to_eps)('rho $rho at delta $delta is epsilon $eps_tight', (row) => {
    const [rho, delta] = [Number(row.rho), Number(row.delta)];
    expectNear(zcdpEpsilon(rho, delta), row.eps_tight);
    expectNear(zcdpEpsilon(rho, delta), row.eps_tight_check);
    expectNear(rho + 2 * Math.sqrt(rho * Math.log(1 / delta)), row.eps_simple);
    expectNear(gaussianEpsilon(1 / Math.sqrt(2 * rho), delta), row.eps_exact_if_gaussian);
    expectNear(zcdpDelta(rho, zcdpEpsilon(rho, delta)), delta);
  });

  test.each(reference.eps_to_rho)('($eps, $delta) allows rho $rho', (row) => {
    const rho = zcdpRho(Number(row.eps), Number(row.delta));
    expectNear(rho, row.rho);
    expectNear(1 / Math.sqrt(2 * rho), row.sigma_unit);
    expect(zcdpEpsilon(rho, Number(row.delta))).toBeLessThanOrEqual(Number(row.eps));
  });
});

describe('composition', () => {
  test.each(reference.composition_gaussian)('of $k Gaussians is exact', (row) => {
    const sigma = gaussianSigma(1, 1e-5);
    const rho = row.k / (2 * sigma ** 2);
    expectNear(epsilonOfGaussianRho(rho, 1e-5), row.exact_eps_at_1e5);
    expectNear(zcdpEpsilon(rho, 1e-5), row.zcdp_tight);
    expect(row.naive_eps).toBe(row.k);
  });

  test.each(reference.composition_pure)('of $k times $eps0 takes the least of three', (row) => {
    const epsilon = Number(row.eps0);
    const composed = composePure({ epsilon, times: row.k }, Number(row.delta));
    expectNear(composed.naive, row.naive);
    expectNear(composed.advanced, row.drv_advanced);
    expectNear(composed.optimal, row.kov_optimal);
    expect(composed.epsilon).toBe(Math.min(composed.naive, composed.advanced, composed.optimal));
  });
});

test.each(reference.krr)('$k labels at epsilon $eps keep the true one with $p_true', (row) => {
  const { kept, other } = responseOdds(Number(row.eps), row.k);
  expectNear(kept, row.p_true);
  expectNear(other, row.p_other);
});

test("OpenDP's randomised response: of 4 labels, 0.75 is ln 9", () => {
  expectNear(responseOdds(Math.log(9), 4).kept, 0.75);
});

describe('the discrete Gaussian', () => {
  const shapes = reference.discrete_gaussian.filter((row) => row.norm !== undefined);
  const deltas = reference.discrete_gaussian.filter((row) => row.eps !== undefined);

  test.each(shapes)('of variance about $sigma2', ({ sigma2, norm, p0, variance }) => {
    const described = describeDiscreteGaussian(Number(sigma2));
    expectNear(described.norm, norm);
    expectNear(described.probability(0), p0);
    expectNear(described.variance, variance);
  });

  test.each(deltas)('has its own delta at $eps, $sigma2', (row) => {
    const squaredSigma = Number(row.sigma2);
    const delta = discreteGaussianDelta(Number(row.eps), { squaredSigma, sensitivity: 1 });
    expectNear(delta, row.delta_cks20);
    expectNear(delta, row.delta_bruteforce);
    expectNear(gaussianDelta(Number(row.eps), Math.sqrt(squaredSigma)), row.delta_continuous);
  });
});
