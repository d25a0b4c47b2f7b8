import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openControlWire } from '../support/control-wire.ts';
import { startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { authenticate, openWire } from '../support/raw-client.ts';

const WITHOUT_LANDLOCK = join(import.meta.dirname, '../fakes/without-landlock.ts');

test.runIf(process.platform === 'linux')(
  'on a kernel without Landlock SQL is off, collections work, and doctor says so',
  async () => {
    await using daemon = await startDaemonProcess({
      wrapper: [process.execPath, '--conditions=locara-source', WITHOUT_LANDLOCK],
    });
    const credentials = await installSample(daemon.controlSocket);
    const wire = await openWire(daemon.appSocket);
    await authenticate(wire, credentials);
    for (const [method, params] of [
      ['db.exec', { sql: 'CREATE TABLE t (x)' }],
      ['db.query', { sql: 'SELECT 1' }],
      ['db.batch', { statements: [{ sql: 'SELECT 1' }] }],
      ['db.migrate', { migrations: [{ version: 1, name: 'a', sql: 'CREATE TABLE t (x)' }] }],
    ] as const) {
      expect((await wire.call(method, params)).error?.data).toMatchObject({
        reason: 'Unavailable',
        details: { rule: 'not_confined' },
      });
    }
    const created = await wire.call('collections.create', { collection: 'notes' });
    expect(created.error).toBeUndefined();
    const control = await openControlWire(daemon.controlSocket);
    const { result } = await control.call('doctor.examine', {});
    const { findings } = result as { findings: { id: string; level: string; title: string }[] };
    expect(findings.find(({ id }) => id === 'store-walls')).toMatchObject({
      level: 'warning',
      title: expect.stringContaining('SQL of apps is off') as string,
    });
    wire.end();
    control.end();
  },
);
