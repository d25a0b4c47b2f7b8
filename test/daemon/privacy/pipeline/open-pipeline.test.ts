import { expect, test } from 'vitest';
import { openRecords, sealRecord } from '../../../../daemon/collections/sealed-records.ts';
import { openPipeline } from '../../../../daemon/privacy/pipeline/open-pipeline.ts';
import { fakeSessionCall } from '../../../fakes/session-call.ts';
import { openPrivacy } from '../../../support/open-privacy.ts';

const kdf = { name: 'argon2id', memoryKib: 19 * 1024, passes: 2, lanes: 1 } as const;

/** How many turns others had meanwhile. */
async function countTurns(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  const count = (): void => {
    turns += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  await work;
  clearImmediate(next);
  return turns;
}

test('others have their turn while a thousand records are sealed, and while they are opened', async () => {
  const privacy = openPrivacy();
  const call = fakeSessionCall();
  const named = { session: call.session, method: 'test', signal: call.signal };
  await privacy.keystore.initialize(named, 'd', { passphrase: Buffer.from('p'), kdf });
  const { seal } = await openPipeline(privacy, { encrypt: { database: 'd' } }, named);
  if (seal === undefined) throw new Error('nothing seals');
  const sealed: Awaited<ReturnType<typeof sealRecord>>[] = [];
  const sealAll = async () => {
    for (let at = 0; at < 1000; at += 1) {
      const record = { id: String(at), text: 'The cat.' };
      const how = { collection: 'c', database: 'd', keep: [], seal };
      sealed.push(await sealRecord(record, how));
    }
  };
  expect(await countTurns(sealAll())).toBeGreaterThan(2);
  const reading = { privacy, call, method: 'test', collection: 'c' };
  const opening = openRecords(sealed, reading);
  expect(await countTurns(opening)).toBeGreaterThan(2);
  expect((await opening).every(({ text }) => text === 'The cat.')).toBe(true);
});
