import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  assertBlocksAreFresh,
  assertNotBlocked,
} from '../../../../daemon/access/trust/assert-not-blocked.ts';
import {
  createRevocations,
  type Revocations,
} from '../../../../daemon/access/trust/revocations.ts';
import { createTrustList, type TrustList } from '../../../../daemon/access/trust/trust-list.ts';
import { trustOf } from '../../../support/bundles.ts';
import { revocationList, writeList } from '../../../support/revocation-lists.ts';
import {
  createKeyPair,
  createTemporaryFolder,
  rejectionOf,
  ruleOf,
} from '../../../support/signed-package.ts';
import { bestCpuMs } from '../../../support/cpu-time.ts';

const key = createKeyPair();
const { publicKeyPem } = key;
const notes = {
  appId: 'acme/notes',
  version: '1.0.0',
  manifestDigest: `sha256:${'0'.repeat(64)}`,
  signerId: 'key:x',
};
const blockNotes = {
  reason: 'Stole notes.',
  advisory: 'https://acme.example/1',
  appId: 'acme/notes',
};

let path: string;
let trustList: TrustList;
let now: Date;
let revocations: Revocations;
let warnings: string[];

const start = (): Promise<Revocations> =>
  createRevocations({
    path,
    trust: trustOf(trustList),
    log: { warn: (event) => void warnings.push(event) },
    clock: () => now,
  });
const list = (...options: Parameters<typeof revocationList>) =>
  writeList(revocationList(...options), key);

beforeEach(async () => {
  const folder = createTemporaryFolder();
  path = join(folder, 'revocations.json');
  trustList = createTrustList({ path: join(folder, 'trust.json') });
  await trustList.add({ name: 'Lists', publicKeyPem, scope: 'revocation' });
  now = new Date('2026-11-10T00:00:00Z');
  warnings = [];
  revocations = await start();
});

test('without a list nothing is blocked and nothing is stale', () => {
  expect(revocations.find(notes)).toBeUndefined();
  expect(revocations.isStale()).toBe(false);
  expect(revocations.show()).toBeUndefined();
});

test('an imported list blocks at once, says so to its listeners, and after a restart', async () => {
  let changes = 0;
  const end = revocations.onChange(() => (changes += 1));
  const { state } = await revocations.import(list(3, [blockNotes]));
  expect(state).toEqual({
    seq: 3,
    issuedAt: '2026-11-01T00:00:00Z',
    expires: '2099-01-01T00:00:00Z',
    isExpired: false,
    entries: 1,
    signer: 'key you trust “Lists”',
  });
  const block = { reason: 'Stole notes.', advisory: 'https://acme.example/1', seq: 3 };
  expect(revocations.find(notes)).toEqual(block);
  expect(changes).toBe(1);
  end();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const restarted = await start();
  expect(restarted.find(notes)).toEqual(block);
  expect(restarted.show()).toEqual(state);
});

test('what was found before a newer list is not remembered after it', async () => {
  expect(revocations.find(notes)).toBeUndefined();
  await revocations.import(list(1));
  expect(revocations.find(notes)).toBeUndefined();
  await revocations.import(list(2, [blockNotes]));
  expect(revocations.find(notes)).toBeDefined();
  expect(revocations.find({ ...notes, appId: 'acme/other' })).toBeUndefined();
  await revocations.import(list(3));
  expect(revocations.find(notes)).toBeUndefined();
});

test('the very same list again changes nothing', async () => {
  const file = list(3, [blockNotes]);
  const first = await revocations.import(file);
  let changes = 0;
  revocations.onChange(() => (changes += 1));
  expect(await revocations.import(file)).toEqual(first);
  expect(changes).toBe(0);
});

describe('attack 36: refused, and the list in force stays', () => {
  const refusals: [string, () => Promise<string> | string, string][] = [
    ['an older list', () => list(2), 'stale_list'],
    ['another list of the same number', () => list(3), 'stale_list'],
    ['an expired list', () => list(4, [], { expires: '2026-11-09T00:00:00Z' }), 'list_expired'],
    ['an unsigned list', () => writeList(revocationList(4)), 'unsigned'],
    [
      'a list signed by a stranger',
      () => writeList(revocationList(4), createKeyPair()),
      'untrusted_key',
    ],
    [
      'a list signed by a key for sideloading',
      async () => {
        const apps = createKeyPair();
        await trustList.add({ name: 'Apps', ...apps, scope: 'sideloading' });
        return writeList(revocationList(4), apps);
      },
      'untrusted_key',
    ],
    [
      'a list signed by a development key',
      async () => {
        const mine = createKeyPair();
        await trustList.add({ name: 'Mine', ...mine, scope: 'development' });
        return writeList(revocationList(4), mine);
      },
      'untrusted_key',
    ],
    [
      'a list that was changed after it was signed',
      () => {
        const file = list(4);
        writeFileSync(file, `${readFileSync(file, 'utf8')} `);
        return file;
      },
      'digest_mismatch',
    ],
    [
      'a list with the signature of another',
      () => {
        const [file, other] = [list(4), list(5)];
        writeFileSync(`${file}.sigstore.json`, readFileSync(`${other}.sigstore.json`));
        return file;
      },
      'digest_mismatch',
    ],
  ];
  test.each(refusals)('%s', async (_, create, rule) => {
    await revocations.import(list(3, [blockNotes]));
    const file = await create();
    expect(await ruleOf(() => revocations.import(file))).toBe(`Unauthenticated ${rule}`);
    expect(revocations.find(notes)).toBeDefined();
    expect(revocations.show()?.seq).toBe(3);
    expect((await start()).show()?.seq).toBe(3);
  });
});

test('attack 36: the number is remembered over a restart', async () => {
  await revocations.import(list(9));
  const restarted = await start();
  expect(await ruleOf(() => restarted.import(list(8)))).toBe('Unauthenticated stale_list');
  expect((await restarted.import(list(10))).state.seq).toBe(10);
});

test.each([
  ['an unknown key', revocationList(4, [], { force: true })],
  ['a range that nobody can read', revocationList(4, [{ ...blockNotes, versions: 'new' }])],
  ['__proto__', JSON.stringify(revocationList(4)).replace('{', '{"__proto__":{},')],
])('a signed list with %s is refused, naming where', async (_, content) => {
  const error = await rejectionOf(() => revocations.import(writeList(content, key)));
  expect(error).toMatchObject({ reason: 'InvalidParams', details: { rule: 'revocation_list' } });
  expect(error.details?.['issues']).toHaveLength(1);
});

test('a path that is relative or leads nowhere is said to be so', async () => {
  expect(await ruleOf(() => revocations.import('list.json'))).toBe('InvalidParams absolute_path');
  expect((await rejectionOf(() => revocations.import('/nowhere/list.json'))).reason).toBe(
    'NotFound',
  );
});

test('removing the trust in its signer lifts no block', async () => {
  await revocations.import(list(3, [blockNotes]));
  await trustList.remove('Lists');
  expect((await start()).find(notes)).toBeDefined();
  expect(await ruleOf(() => revocations.import(list(4)))).toBe('Unauthenticated untrusted_key');
});

describe('an expired list', () => {
  beforeEach(async () => {
    await revocations.import(list(3, [blockNotes], { expires: '2026-11-12T00:00:00Z' }));
    now = new Date('2026-11-12T00:00:00Z');
  });

  test('goes on blocking what it names', () => {
    expect(revocations.find(notes)).toBeDefined();
    expect(revocations.show()?.isExpired).toBe(true);
  });

  test('stops new installs, by name, until a newer one is there', async () => {
    expect(
      await ruleOf(() => {
        assertBlocksAreFresh(revocations);
      }),
    ).toBe('CapabilityDenied revocations_stale');
    await revocations.import(list(4));
    assertBlocksAreFresh(revocations);
  });
});

test('a blocked app is refused with the reason and the advisory', async () => {
  await revocations.import(list(3, [blockNotes]));
  const error = await rejectionOf(() => {
    assertNotBlocked(revocations, notes);
  });
  expect(error.message).toBe('This app is blocked: Stole notes. See https://acme.example/1');
  expect(error.details).toEqual({
    rule: 'blocked',
    reason: 'Stole notes.',
    advisory: 'https://acme.example/1',
    seq: 3,
  });
});

describe('a list on disk that cannot be relied on blocks every app', () => {
  test.each<[string, () => void]>([
    [
      'is cut',
      () => {
        writeFileSync(path, readFileSync(path, 'utf8').slice(0, -40));
      },
    ],
    [
      'is empty',
      () => {
        writeFileSync(path, '');
      },
    ],
    [
      'lost an entry',
      () => {
        writeFileSync(path, readFileSync(path, 'utf8').replace('acme/notes', 'acme/nobody'));
      },
    ],
    [
      'has another digest',
      () => {
        writeFileSync(path, readFileSync(path, 'utf8').replace(/sha256:../, 'sha256:00'));
      },
    ],
    [
      'can be written by others',
      () => {
        chmodSync(path, 0o622);
      },
    ],
  ])('when it %s', async (_, damage) => {
    await revocations.import(list(3, [blockNotes]));
    damage();
    const restarted = await start();
    expect(warnings).toEqual(['revocation.damaged']);
    expect(restarted.find({ ...notes, appId: 'other/app' })?.reason).toContain('damaged');
    expect(restarted.isStale()).toBe(true);
    expect(await ruleOf(() => restarted.show())).toBe('Unavailable revocations_damaged');
    await restarted.import(list(4, [blockNotes]));
    expect(restarted.find({ ...notes, appId: 'other/app' })).toBeUndefined();
    expect(restarted.find(notes)).toBeDefined();
  });
});

test('a list that cannot be written holds all the same, and is written when imported again', async () => {
  const file = list(3, [blockNotes]);
  const folder = join(path, '..', 'later');
  path = join(folder, 'revocations.json');
  const homeless = await start();
  await expect(homeless.import(file)).rejects.toThrow();
  expect(homeless.find(notes)).toBeDefined();
  mkdirSync(folder);
  await homeless.import(file);
  expect((await start()).find(notes)).toBeDefined();
});

test('10 000 entries: one look-up costs microseconds', async () => {
  const entries = Array.from({ length: 10_000 }, (_, n) => ({
    reason: 'Why.',
    appId: `acme/app-${n}`,
    versions: `>=1.${n}.0 <2.0.0`,
  }));
  await revocations.import(list(3, entries));
  const app = { ...notes, appId: 'acme/app-7', version: '1.7.0' };
  expect(revocations.find(app)).toBeDefined();
  const calls = 100_000;
  const mostMs = (5 * calls) / 1000;
  const best = bestCpuMs(mostMs, () => {
    for (let call = 0; call < calls; call += 1) revocations.find(app);
  });
  expect(best).toBeLessThan(mostMs);
});
