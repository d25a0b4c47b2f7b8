import { readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AppRegistry } from '../../../../daemon/access/apps/app-registry.ts';
import { parseRecord, renderRecord } from '../../../../daemon/access/apps/app-record-file.ts';
import type { Paths } from '../../../../daemon/paths.ts';
import { createRecord, openRegistry } from '../../../support/app-registry.ts';
import { createPaths } from '../../../support/home-paths.ts';

const appId = 'acme/notes';
const { record, manifestBytes } = createRecord();

let paths: Paths;
let registry: AppRegistry;
beforeEach(async () => {
  paths = createPaths();
  ({ registry } = await openRegistry(paths));
  await registry.put(record, { manifestBytes });
});

function fileOf(name: string): string {
  return join(paths.app(appId), name);
}

/** Flips one letter in place: same length, same file. */
function editByte(name: string): void {
  const bytes = readFileSync(fileOf(name));
  const at = bytes.indexOf('Keeps');
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0x20, at);
  writeFileSync(fileOf(name), bytes);
}

test('what the daemon wrote is intact, also after a decision and a restart', async () => {
  expect(registry.isIntact(appId)).toBe(true);
  await registry.update(appId, (now) => ({ ...now, revoked: true }));
  expect(registry.isIntact(appId)).toBe(true);
  const again = await openRegistry(paths);
  expect(again.registry.isIntact(appId)).toBe(true);
  expect(again.warnings).toEqual([]);
});

test('what is not installed is not intact', () => {
  for (const id of ['acme/other', '__proto__', '../acme/notes']) {
    expect(registry.isIntact(id)).toBe(false);
  }
});

describe.each(['locara.json', 'app.json'])('one byte of %s changed after the install', (name) => {
  test('is noticed at once, and stays so', () => {
    expect(registry.isIntact(appId)).toBe(true);
    editByte(name);
    expect(registry.isIntact(appId)).toBe(false);
    expect(registry.isIntact(appId)).toBe(false);
  });

  test('is noticed after a restart, with a line in the log', async () => {
    editByte(name);
    const again = await openRegistry(paths);
    expect(again.registry.isIntact(appId)).toBe(false);
    expect(again.warnings).toEqual([{ appId }]);
  });

  test('is mended by installing the app again', async () => {
    editByte(name);
    await registry.put(record, { manifestBytes });
    expect(registry.isIntact(appId)).toBe(true);
  });
});

test('a time that was set back does not hide an edit', () => {
  const past = new Date('2026-01-01T00:00:00.000Z');
  utimesSync(fileOf('locara.json'), past, past);
  expect(registry.isIntact(appId)).toBe(true);
  editByte('locara.json');
  utimesSync(fileOf('locara.json'), past, past);
  expect(registry.isIntact(appId)).toBe(false);
});

test('a missing manifest, or a link in its place, is not intact', () => {
  renameSync(fileOf('locara.json'), fileOf('elsewhere.json'));
  expect(registry.isIntact(appId)).toBe(false);
  symlinkSync(fileOf('elsewhere.json'), fileOf('locara.json'));
  expect(registry.isIntact(appId)).toBe(false);
  rmSync(fileOf('locara.json'));
  renameSync(fileOf('elsewhere.json'), fileOf('locara.json'));
  expect(registry.isIntact(appId)).toBe(true);
});

test('a decision of the user does not make an edited manifest whole', async () => {
  editByte('locara.json');
  await registry.update(appId, (now) => ({ ...now, revoked: true }));
  await registry.update(appId, (now) => ({ ...now, revoked: false }));
  expect(registry.isIntact(appId)).toBe(false);
});

test('no changed byte of a record is read as another record', () => {
  const waiting = {
    ...record,
    expansion: {
      diffDigest: `sha256:${'a'.repeat(64)}`,
      fromVersion: '0.9.0',
      firstSeenAt: '2026-01-01T00:00:00.000Z',
      waited: { elapsedMs: 1000, bootId: 'boot', bootMs: 2000 },
    },
  };
  const text = renderRecord(waiting, manifestBytes);
  const position = fc.nat({ max: text.length - 1 });
  fc.assert(
    fc.property(position, fc.integer({ min: 0x20, max: 0x7e }), (at, code) => {
      const edited = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
      const parsed = parseRecord(edited, appId);
      if (parsed !== undefined) expect(parsed.record).toEqual(waiting);
    }),
    { numRuns: 2000 },
  );
});
