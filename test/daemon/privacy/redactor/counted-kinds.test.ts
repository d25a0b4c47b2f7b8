import { kindOf } from '@locara/protocol';
import { expect, test } from 'vitest';
import { type EffectRecord, EffectWindow } from '../../../../daemon/audit/effect-window.ts';
import { ENTITIES } from '../../../../daemon/privacy/redaction/recognizers.ts';
import { createRedactor } from '../../../../daemon/privacy/redactor/create-redactor.ts';
import { createRestoreMaps } from '../../../../daemon/privacy/redactor/restore-maps.ts';
import { createInProcessPrivacyWorker } from '../../../support/privacy-worker.ts';
import { callOf } from '../../../support/vault.ts';

test('a key and a national id are counted as what they are in the audit, and not as patterns of the app', async () => {
  const records: EffectRecord[] = [];
  const audit = new EffectWindow((record) => void records.push(record));
  const redactor = createRedactor({
    worker: createInProcessPrivacyWorker(),
    maps: createRestoreMaps(),
    keys: { of: () => Promise.reject(new Error('no pseudonyms are asked for')) },
    onRedacted: (effect) => {
      audit.count(effect);
    },
  });
  await redactor.redact(
    [`AWS key ${['AKIA', 'QYLPMN5HFIQR7XYA'].join('')}; NHS number 943 476 5919; badge Zed-7`],
    {
      threshold: 'balanced',
      replacement: '[{PATTERN}]',
      custom: [{ name: 'badge_of_Zed', pattern: 'Zed-[0-9]', score: 1 }],
    },
    callOf(),
  );
  expect(Object.fromEntries(records[0]?.counts ?? [])).toEqual({
    SECRET: 1,
    NATIONAL_ID: 1,
    CUSTOM: 1,
  });
});

test('whatever is recognised has a kind that the audit counts by its name', () => {
  const audit = new EffectWindow(() => undefined);
  const counts = Object.fromEntries([...ENTITIES].map((entity) => [kindOf(entity), 1]));
  audit.count({ appId: 'acme/notes', method: 'privacy.redact', step: 'redact', counts });
  const [record] = audit.closeApp('acme/notes');
  expect(record?.counts.get('CUSTOM')).toBeUndefined();
});
