import { expect, test } from 'vitest';
import { redactRecords } from '../../../daemon/collections/redact-records.ts';
import { openPipeline } from '../../../daemon/privacy/pipeline/open-pipeline.ts';
import { openPrivacy } from '../../support/open-privacy.ts';
import { callOf } from '../../support/vault.ts';

async function redact(metadata: Readonly<Record<string, unknown>>): Promise<unknown> {
  const steps = { redact: { threshold: 'balanced', replacement: '[{PATTERN}]' } } as const;
  const session = { ...callOf().session, id: 's1' };
  const running = await openPipeline(openPrivacy(), steps, { ...callOf(), session });
  const [record] = await redactRecords(running, [{ id: 'a', text: 'The cat.', metadata }]);
  expect(record?.text).toBe('The cat.');
  return record?.metadata;
}

test('the name of a field tells what is in it, and stays as it is', async () => {
  const metadata = {
    ssn: '536228726',
    person: { phone: '2125551234', phones: ['2125551234', 'none'] },
    'ann@example.org': 'wrote to bo@example.org',
  };
  expect(await redact(metadata)).toEqual({
    ssn: '[SSN]',
    person: { phone: '[PHONE]', phones: ['[PHONE]', 'none'] },
    'ann@example.org': 'wrote to [EMAIL]',
  });
});

test('what a name like token or id alone would make of a value stays', async () => {
  const metadata = { token: 'note-4711', nextPageToken: 'abc123XYZ', id: '536228726', key: 'a-12' };
  expect(await redact(metadata)).toEqual(metadata);
});

test('a number that gives somebody away is redacted, and every other one stays a number', async () => {
  const metadata = {
    phone: 2125551234,
    cards: [4111111111111111, 7],
    year: 2024,
    price: 1.5,
    paid: 1732272000000,
    below: -0,
  };
  expect(await redact(metadata)).toEqual({
    ...metadata,
    phone: '[PHONE]',
    cards: ['[CREDITCARD]', 7],
  });
});
