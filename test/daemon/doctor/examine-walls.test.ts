import { expect, test } from 'vitest';
import { describeStoreWalls, examineStoreWalls } from '../../../daemon/doctor/examine-walls.ts';
import { canRestrictFiles } from '../../support/landlock.ts';

test.runIf(canRestrictFiles())(
  'a store made for the purpose says that its walls hold',
  async () => {
    expect(await examineStoreWalls()).toMatchObject({ id: 'store-walls', level: 'ok' });
  },
);

test.each([
  [{ areFilesConfined: false, areStatementsGuarded: true }, 'could read files'],
  [{ areFilesConfined: true, areStatementsGuarded: false }, 'which statements to refuse'],
])('where a wall is missing, SQL is off and why is said: %j', (walls, why) => {
  const finding = describeStoreWalls(walls);
  expect(finding).toMatchObject({
    level: 'warning',
    title: 'SQL of apps is off (db.exec, query, batch, migrate); collections work.',
  });
  expect(finding.detail).toContain(why);
  expect(finding.fix).toBeDefined();
});
