import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openControlWire } from '../support/control-wire.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installOver } from '../support/install-sample.ts';
import { authenticate, openWire, type Wire, type WireMessage } from '../support/raw-client.ts';

let daemon: DaemonProcess;
let control: Wire;
let writer: Wire;
let reader: Wire;
let lone: Wire;

type Access = 'read' | 'read-write';
const sharing = (app: string, access: Access) => ({
  capabilities: { ipc: [{ app: `acme/${app}`, collection: 'people', access }] },
});

let keys = 0;

async function connect(name: string, changes: Record<string, unknown> = {}): Promise<Wire> {
  const credentials = await installOver(control, { name, ...changes }, `key ${(keys += 1)}`);
  const wire = await openWire(daemon.appSocket);
  const { error } = await authenticate(wire, credentials);
  expect(error).toBeUndefined();
  return wire;
}

const collection = 'people';
const reasonOf = ({ error }: WireMessage): string | undefined => error?.data.reason;
const people = (id: string) => ({ collection, records: [{ id, text: id, vector: [1, 0] }] });
const get = (wire: Wire) => wire.call('collections.get', { collection, ids: ['ada', 'bob'] });
const shared = (): string[] => {
  const folder = join(daemon.home, 'data/stores/_shared');
  return existsSync(folder) ? readdirSync(folder) : [];
};

beforeAll(async () => {
  daemon = await startDaemonProcess();
  control = await openControlWire(daemon.controlSocket);
  writer = await connect('writer', sharing('reader', 'read-write'));
  lone = await connect('lone', sharing('writer', 'read-write'));
});
afterAll(async () => {
  for (const wire of [control, writer, reader, lone]) wire.end();
  await daemon[Symbol.asyncDispose]();
});

/** Every method that names a collection. */
const CALLS: readonly (readonly [string, Record<string, unknown>])[] = [
  ['collections.create', { collection }],
  ['collections.upsert', people('x')],
  ['collections.get', { collection, ids: ['x'] }],
  ['collections.search', { collection, query: 'x' }],
  ['collections.delete', { collection, ids: ['x'] }],
  ['collections.drop', { collection }],
];

describe('a collection that two apps share', () => {
  test.each(CALLS)(
    'is not found by %s while the other app is not installed',
    async (method, params) => {
      const alone = await writer.call(method, params);
      const oneSided = await lone.call(method, params);
      expect(reasonOf(alone)).toBe('NotFound');
      // The writer is installed, but does not name this one: the same answer, word for word.
      expect(oneSided.error).toEqual(alone.error);
      expect(shared()).toEqual([]);
    },
  );

  test('is one for both once both name each other, and for nobody else', async () => {
    reader = await connect('reader', sharing('writer', 'read'));
    expect((await writer.call('collections.create', { collection })).error).toBeUndefined();
    expect((await writer.call('collections.upsert', people('ada'))).error).toBeUndefined();
    expect((await get(reader)).result).toEqual({ records: [{ id: 'ada', text: 'ada' }] });
    const found = await reader.call('collections.search', { collection, query: 'ada' });
    expect(found.result?.['hits']).toMatchObject([{ id: 'ada' }]);
    expect(reasonOf(await get(lone))).toBe('NotFound');
  });

  test('is listed to each with the other and what it may do', async () => {
    const ofWriter = (await writer.call('collections.list', {})).result?.['collections'];
    expect(ofWriter).toMatchObject([
      {
        collection,
        dimensions: 2,
        records: 1,
        shared: { app: 'acme/reader', access: 'read-write' },
      },
    ]);
    const ofReader = (await reader.call('collections.list', {})).result?.['collections'];
    expect(ofReader).toMatchObject([{ shared: { app: 'acme/writer', access: 'read' } }]);
    expect((await lone.call('collections.list', {})).result).toEqual({ collections: [] });
  });

  test('is changed only by the one that may', async () => {
    for (const [method, params] of CALLS.filter(([name]) => !/get|search/.test(name))) {
      const refused = await reader.call(method, params);
      expect(refused.error?.data).toMatchObject({
        reason: 'CapabilityDenied',
        details: { declaredBy: 'capabilities.ipc' },
      });
    }
    expect((await get(writer)).result?.['records']).toHaveLength(1);
  });

  test('is in the store of neither: nothing of it is in their SQL or their numbers', async () => {
    for (const wire of [writer, reader]) {
      expect((await wire.call('db.info', {})).result?.['collections']).toEqual([]);
    }
  });

  test('is shown to the user with both apps, and exported', async () => {
    const { result } = await control.call('app.show', { appId: 'acme/reader' });
    expect(result?.['sharing']).toMatchObject([
      { app: 'acme/writer', collection, access: 'read', state: 'shared' },
    ]);
    const params = { appId: 'acme/reader', collection };
    const answer = await control.call('store.export', params, 'export');
    expect(answer.error).toBeUndefined();
    const chunk = control.received.find(({ method }) => method === '$/chunk');
    const { piece } = chunk?.params?.['chunk'] as { piece: string };
    expect(Buffer.from(piece, 'base64').toString()).toContain('"record":{"id":"ada"');
  });

  test('is checked and salvaged by the user through either app', async () => {
    for (const appId of ['acme/reader', 'acme/writer']) {
      const checked = await control.call('store.check', { appId, collection });
      expect(checked.result).toMatchObject({
        check: { state: 'whole', collections: [{ name: collection, records: 1 }] },
      });
      const { result } = await control.call('store.salvage', { appId, collection });
      expect(String(result?.['lines'])).toContain('ada');
    }
    for (const appId of ['acme/lone', 'acme/none']) {
      expect(reasonOf(await control.call('store.check', { appId, collection }))).toBe('NotFound');
    }
  });

  test('is found by neither from the moment that the user ends it, and by both when it is back', async () => {
    const ended = { appId: 'acme/reader', capability: 'ipc:people' };
    expect((await control.call('app.revoke', ended)).error).toBeUndefined();
    for (const wire of [writer, reader]) expect(reasonOf(await get(wire))).toBe('NotFound');
    const { result } = await control.call('app.show', { appId: 'acme/reader' });
    expect(result?.['sharing']).toMatchObject([{ state: 'revoked' }]);
    const other = await control.call('app.show', { appId: 'acme/writer' });
    expect(other.result?.['sharing']).toMatchObject([{ state: 'waiting' }]);
    expect((await control.call('app.consent', ended)).error).toBeUndefined();
    for (const wire of [writer, reader]) {
      expect((await get(wire)).result?.['records']).toHaveLength(1);
    }
    const unknown = { appId: 'acme/reader', capability: 'ipc:other' };
    expect(reasonOf(await control.call('app.revoke', unknown))).toBe('CapabilityDenied');
  });

  test('is found by nobody while one of them is revoked', async () => {
    await control.call('app.revoke', { appId: 'acme/reader' });
    expect(reasonOf(await get(writer))).toBe('NotFound');
    expect((await writer.call('collections.list', {})).result).toEqual({ collections: [] });
  });

  test('outlives the one that is wiped first, and goes with the last', async () => {
    await control.call('app.uninstall', { appId: 'acme/reader', wipe: true });
    expect(shared()).toHaveLength(2);
    reader.end();
    reader = await connect('reader', sharing('writer', 'read'));
    expect((await get(reader)).result?.['records']).toHaveLength(1);
    await control.call('app.uninstall', { appId: 'acme/writer', wipe: true });
    expect(reasonOf(await get(reader))).toBe('NotFound');
    expect(shared()).toHaveLength(2);
    await control.call('app.uninstall', { appId: 'acme/reader', wipe: true });
    expect(shared()).toEqual([]);
    const wrapped = join(daemon.home, 'data/keys/stores/_shared');
    expect(existsSync(wrapped) ? readdirSync(wrapped) : []).toEqual([]);
  });
});
