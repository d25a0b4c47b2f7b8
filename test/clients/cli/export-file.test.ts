import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createExportFile } from '../../../clients/cli/export-file.ts';
import { makeTemporaryFolder } from '../../support/temporary-store.ts';

test('an export that is cut off leaves nothing', async () => {
  const folder = makeTemporaryFolder();
  {
    await using file = await createExportFile({ path: join(folder, 'audit.jsonl') });
    await file.write(Buffer.from('{}\n'));
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('a file that is there stays, and --force is named only where there is such an option', async () => {
  const path = join(makeTemporaryFolder(), 'audit.jsonl');
  writeFileSync(path, 'mine');
  await expect(createExportFile({ path })).rejects.toThrow('already: name another.');
  const forcible = createExportFile({ path, replaces: false });
  await expect(forcible).rejects.toThrow('already: name another, or add --force.');
  expect(readFileSync(path, 'utf8')).toBe('mine');
});
