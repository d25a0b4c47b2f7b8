import { expect, test } from 'vitest';
import { createStrangers } from '../../../../daemon/access/apps/strangers.ts';
import { bestCpuMs, cpuMsOf } from '../../../support/cpu-time.ts';

test('whoever asks for very many apps that are not there has every app read, once', async () => {
  let times = 0;
  const strangers = createStrangers(() => {
    times += 1;
    return Promise.resolve();
  });
  for (let index = 0; index < 1000; index += 1) strangers.meet(`acme/app-${index}`);
  expect(times).toBe(0);
  for (let index = 0; index < 50; index += 1) strangers.meet(`acme/other-${index}`);
  await Promise.resolve();
  strangers.meet('acme/last');
  expect(times).toBe(1);
});

test('an id that was met takes no time again', () => {
  const strangers = createStrangers(() => Promise.resolve());
  const meetAll = () => {
    for (let index = 0; index < 200; index += 1) strangers.meet(`acme/app-${index}`);
  };
  const mostMs = cpuMsOf(meetAll) / 10;
  expect(bestCpuMs(mostMs, meetAll)).toBeLessThan(mostMs);
});
