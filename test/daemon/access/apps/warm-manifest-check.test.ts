import { expect, test } from 'vitest';
import { checkManifest } from '@locara/protocol';
import { WARMING_SAMPLE } from '../../../../daemon/access/apps/warm-manifest-check.ts';

test('the sample is a manifest without an error, so that all of the check is warmed', () => {
  expect(checkManifest(Buffer.from(JSON.stringify(WARMING_SAMPLE))).errors).toEqual([]);
});
