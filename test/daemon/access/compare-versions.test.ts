import { expect, test } from 'vitest';
import { compareVersions } from '../../../daemon/access/compare-versions.ts';

// The order of semver.org, section 11, with the edges around it.
const ASCENDING = [
  '0.0.1',
  '0.9.9',
  '0.10.0',
  '1.0.0-0',
  '1.0.0-2',
  '1.0.0-10',
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-alpha.beta',
  '1.0.0-alpha-1',
  '1.0.0-beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11',
  '1.0.0-rc.1',
  '1.0.0',
  '2.0.0',
  '10.0.0',
  '99999999999999999999.0.0',
];

test('orders versions as semver.org does, each against each', () => {
  ASCENDING.forEach((left, i) => {
    ASCENDING.forEach((right, j) => {
      expect(Math.sign(compareVersions(left, right)), `${left} ${right}`).toBe(Math.sign(i - j));
    });
  });
});

test('build metadata does not count', () => {
  expect(compareVersions('1.0.0+a', '1.0.0+b-c.1')).toBe(0);
  expect(compareVersions('1.0.0-rc.1+a', '1.0.0-rc.1')).toBe(0);
});
