import { expect, test } from 'vitest';
import { startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { authenticate, openWire } from '../support/raw-client.ts';

test('a record keeps a metadata key with a quote, whatever keys others sent before', async () => {
  await using daemon = await startDaemonProcess();
  const credentials = await installSample(daemon.controlSocket);
  const stranger = await openWire(daemon.appSocket);
  await stranger.call('hello', createLookalike());
  const wire = await openWire(daemon.appSocket);
  expect((await authenticate(wire, credentials)).error).toBeUndefined();
  const collection = 'notes';
  await wire.call('collections.create', { collection });
  const metadata = { a: 1, '"': 2 };
  const records = [
    { id: '1', metadata: createLookalike() },
    { id: '2', metadata },
  ];
  expect((await wire.call('collections.upsert', { collection, records })).error).toBeUndefined();
  const { result } = await wire.call('collections.get', { collection, ids: ['2'] });
  expect(result?.['records']).toMatchObject([{ id: '2', metadata }]);
  stranger.end();
  wire.end();
});

/** Without a prototype, so that this process does not learn the key and misread the answer. */
function createLookalike(): Record<string, number> {
  const lookalike = Object.create(null) as Record<string, number>;
  lookalike['a'] = 1;
  lookalike['\\'] = 2;
  return lookalike;
}
