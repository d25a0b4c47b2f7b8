import { expect, test } from 'vitest';
import { createSessions } from '../../../daemon/access/sessions.ts';
import { createInstallBench, NO_BLOCKS } from '../../support/install-bench.ts';

const appId = 'acme/notes';

test('who listens is told once of each session that is over, by an id that no other has', async () => {
  const bench = await createInstallBench();
  await bench.install();
  const record = bench.registry.find(appId);
  if (record === undefined) throw new Error('it is not installed');
  const limits = { maxConnectionsPerApp: 4, maxCallsPerApp: 4 };
  const sessions = createSessions(bench.registry, NO_BLOCKS, limits);
  const closed: string[] = [];
  sessions.onClosed(({ id }) => closed.push(id));
  const listener = {
    onGrantsChanged: () => undefined,
    onEnded: () => undefined,
    onModelsChanged: () => undefined,
    onStoreFilling: () => undefined,
  };
  const open = () => sessions.open({ record, attestation: record.attestation, pid: 1 }, listener);
  const [first, second] = [open(), open()];
  first.close();
  first.close();
  expect(closed).toEqual([first.id]);
  expect(second.id).not.toBe(first.id);
});

test('a session whose app is gone has no right, and still no manifest beyond what was approved', async () => {
  const bench = await createInstallBench();
  const { registry } = bench;
  await bench.install({ storage: { quota_mb: 100 } });
  await bench.install({ version: '2.0.0', storage: { quota_mb: 300 } });
  const record = registry.find(appId);
  if (record === undefined) throw new Error('it is not installed');
  const limits = { maxConnectionsPerApp: 4, maxCallsPerApp: 4 };
  const session = createSessions(registry, NO_BLOCKS, limits).open(
    { record, attestation: record.attestation, pid: 1 },
    {
      onModelsChanged: () => undefined,
      onStoreFilling: () => undefined,
      onGrantsChanged: () => undefined,
      onEnded: () => undefined,
    },
  );
  expect(session.has('store:read')).toBe(true);
  expect(session.manifest.storage.quota_mb).toBe(100);
  await registry.remove(appId);
  expect(session.has('store:read')).toBe(false);
  expect(session.grants()).toEqual([]);
  expect(session.manifest.storage.quota_mb).toBe(100);
});
