import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { readPublicGoodRoot } from '../../../../daemon/access/trust/public-good-root.ts';
import { parseTrustMaterial } from '../../../../daemon/workers/verify/trust-material.ts';

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const publicGood = JSON.parse(await readPublicGoodRoot()) as { tlogs: unknown[] };

test.each(['spki', 'pkcs1'] as const)('an RSA key of a log may be written as %s', (type) => {
  const rawBytes = publicKey.export({ type, format: 'der' }).toString('base64');
  const log = {
    baseUrl: 'https://log.example',
    logId: { keyId: 'AAAA' },
    publicKey: {
      rawBytes,
      keyDetails: 'PKIX_RSA_PKCS1V15_2048_SHA256',
      validFor: { start: '2026-01-01T00:00:00Z' },
    },
  };
  const text = JSON.stringify({ ...publicGood, tlogs: [...publicGood.tlogs, log] });
  expect(parseTrustMaterial(text).tlogs.at(-1)?.publicKey.equals(publicKey)).toBe(true);
});
