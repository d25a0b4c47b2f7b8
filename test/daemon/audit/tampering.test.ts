import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AuditLog, Verdict } from '../../../daemon/audit/audit.ts';
import { linkEntry, NO_HASH } from '../../../daemon/audit/chain.ts';
import { AuditHome } from '../../support/audit-home.ts';

const ENTRIES = 6;
const SMALL = { segmentBytes: 600, maxSegments: 100 };

let home: AuditHome;
let audit: AuditLog;

beforeEach(async () => {
  home = new AuditHome();
  audit = await home.open();
  for (let entry = 1; entry < ENTRIES; entry += 1)
    audit.decide('grant.consented', 'acme/notes', { entry });
  await audit.settle();
});

/** Rewrites the lines of the only segment. */
function editLines(change: (lines: string[]) => string[]): void {
  const [path = ''] = home.segments();
  writeFileSync(
    path,
    change(home.lines())
      .map((line) => `${line}\n`)
      .join(''),
  );
}

/** What the daemon says that wrote the log, and what the next one says. */
async function verdicts(): Promise<[Verdict, Verdict]> {
  const running = await audit.verify();
  const next = await home.open();
  return [running, await next.verify()];
}

async function expectNoticed(at: number): Promise<void> {
  const [running, next] = await verdicts();
  expect(running).toMatchObject({ ok: false, at });
  expect(next).toMatchObject({
    ok: false,
    problem: expect.stringContaining('set aside') as string,
  });
  expect(home.setAside()).not.toEqual([]);
}

test('an untouched log holds, for the daemon that wrote it and for the next', async () => {
  expect(await verdicts()).toEqual([
    { ok: true, entries: ENTRIES },
    { ok: true, entries: ENTRIES },
  ]);
  expect(home.setAside()).toEqual([]);
});

describe('attack 38: the audit log is changed by someone who cannot read the daemon’s key', () => {
  test('attack 38: an edited entry is noticed', async () => {
    editLines((lines) =>
      lines.map((line, index) => (index === 2 ? line.replace('acme', 'evil') : line)),
    );
    await expectNoticed(3);
  });

  test('attack 38: an edited entry with a hash that fits it is noticed', async () => {
    editLines((lines) => {
      const edited = linkEntry(
        { n: 2, hash: (JSON.parse(lines[1] ?? '') as { hash: string }).hash },
        { at: new Date().toISOString(), event: 'grant.revoked', appId: 'acme/notes', fields: {} },
      );
      return lines.with(2, edited.line);
    });
    await expectNoticed(4);
  });

  test.each([
    ['a space between its words', (line: string) => line.replace(',', ', ')],
    [
      'its keys in another order',
      (line: string) => line.replace(/^\{(.*),("prev":"\w+")\}$/, '{$2,$1}'),
    ],
    ['a letter written as its number', (line: string) => line.replace('acme', '\\u0061cme')],
    ['a key twice', (line: string) => line.replace('"event"', '"event":"x","event"')],
    ['a key more', (line: string) => line.replace('"event"', '"extra":1,"event"')],
  ])('attack 38: an entry that reads the same, with %s, is noticed', async (_, change) => {
    editLines((lines) => lines.map((line, index) => (index === 2 ? change(line) : line)));
    await expectNoticed(3);
  });

  test('attack 38: bytes that are no text, where the sign that stands for them was, are noticed', async () => {
    audit.decide('trust.added', undefined, { label: '\ufffd' });
    await audit.settle();
    const [path = ''] = home.segments();
    const bytes = readFileSync(path);
    const at = bytes.indexOf('\ufffd');
    expect(at).toBeGreaterThan(0);
    writeFileSync(
      path,
      Buffer.concat([bytes.subarray(0, at), Buffer.of(0xff), bytes.subarray(at + 3)]),
    );
    await expectNoticed(ENTRIES + 1);
  });

  test('attack 38: a deleted entry is noticed', async () => {
    editLines((lines) => lines.toSpliced(1, 1));
    await expectNoticed(2);
  });

  test('attack 38: two swapped entries are noticed', async () => {
    editLines(([first = '', second = '', third = '', ...rest]) => [first, third, second, ...rest]);
    await expectNoticed(2);
  });

  test('attack 38: an inserted entry is noticed', async () => {
    editLines((lines) => lines.toSpliced(3, 0, lines[3] ?? ''));
    await expectNoticed(5);
  });

  test('attack 38: a truncated tail is noticed', async () => {
    editLines((lines) => lines.slice(0, -1));
    await expectNoticed(ENTRIES);
  });

  test('attack 38: a log that is gone is noticed', async () => {
    for (const path of home.segments()) rmSync(path);
    await expectNoticed(1);
  });

  test('attack 38: a checkpoint that is gone is noticed', async () => {
    rmSync(home.paths.auditCheckpoint);
    const [running, next] = await verdicts();
    expect(running).toMatchObject({ ok: false });
    expect(next).toMatchObject({ ok: false });
  });

  test('attack 38: a log rebuilt from its first entry is noticed', async () => {
    let end = { n: 0, hash: NO_HASH };
    editLines((lines) =>
      lines.map((line) => {
        const { at, event, fields } = JSON.parse(line) as {
          at: string;
          event: string;
          fields: Record<string, number>;
        };
        const linked = linkEntry(end, { at, event, appId: 'evil/app', fields });
        end = linked.end;
        return linked.line;
      }),
    );
    await expectNoticed(ENTRIES);
  });

  test('attack 38: a log rebuilt with a checkpoint that another key signed is noticed', async () => {
    const other = new AuditHome();
    const forged = await other.open();
    for (let entry = 1; entry < ENTRIES; entry += 1) forged.decide('app.installed', 'evil/app');
    await forged.close();
    copyFileSync(other.segments()[0] ?? '', home.segments()[0] ?? '');
    copyFileSync(other.paths.auditCheckpoint, home.paths.auditCheckpoint);
    const [running, next] = await verdicts();
    expect(running).toMatchObject({
      ok: false,
      problem: expect.stringContaining('not signed') as string,
    });
    expect(next).toMatchObject({ ok: false });
  });

  test('attack 38: log and checkpoint put back together are noticed by the daemon that runs', async () => {
    const snapshot = home.snapshot();
    audit.decide('app.revoked', 'acme/notes');
    await audit.settle();
    home.restore(snapshot);
    expect(await audit.verify()).toMatchObject({ ok: false });
  });

  test('attack 38: an entry appended with the right hashes is noticed, and never becomes part of the log', async () => {
    const { n, hash } = JSON.parse(home.lines().at(-1) ?? '') as { n: number; hash: string };
    const draft = {
      at: new Date().toISOString(),
      event: 'grant.consented',
      appId: 'evil/app',
      fields: {},
    };
    const [path = ''] = home.segments();
    const running = home.snapshot();
    appendFileSync(path, `${linkEntry({ n, hash }, draft).line}\n`);
    expect(await audit.verify()).toMatchObject({ ok: false });
    home.restore(running);
    appendFileSync(path, `${linkEntry({ n, hash }, draft).line}\n`);
    await home.open();
    expect(home.lines().join('\n')).not.toContain('evil/app');
    expect(home.lines().at(-1)).toContain('log.cut');
  });

  test('attack 38: a segment in the middle that is gone is noticed', async () => {
    const many = new AuditHome();
    const log = await many.open({ limits: SMALL });
    for (let entry = 0; entry < 20; entry += 1) {
      log.decide('grant.consented', 'acme/notes', { entry });
      await log.settle();
    }
    expect(many.segments().length).toBeGreaterThan(3);
    expect(await log.verify()).toEqual({ ok: true, entries: 21 });
    rmSync(many.segments()[1] ?? '');
    expect(await log.verify()).toMatchObject({ ok: false });
  });
});

describe('a damaged log', () => {
  test('is kept aside, and the next begins by saying so, with numbers that go on', async () => {
    editLines((lines) => lines.slice(1));
    const next = await home.open();
    const [first] = home.lines().map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).toMatchObject({ n: ENTRIES + 1, event: 'log.damaged', fields: { entry: 1 } });
    const [aside = ''] = home.setAside();
    expect(readFileSync(join(home.root, aside, '000000000001.jsonl'), 'utf8')).toContain(
      'acme/notes',
    );
    next.decide('grant.consented', 'acme/notes');
    await next.close();
    expect(await (await home.open()).verify()).toMatchObject({ ok: false, at: ENTRIES + 1 });
  });

  test('is noticed by the next decision too, while the daemon runs', async () => {
    for (const path of home.segments()) rmSync(path);
    audit.decide('grant.revoked', 'acme/notes');
    await audit.settle();
    expect(home.lines().map((line) => (JSON.parse(line) as { event: string }).event)).toEqual([
      'log.damaged',
      'grant.revoked',
    ]);
  });

  test('whose checkpoint is unreadable begins again at 1', async () => {
    writeFileSync(home.paths.auditCheckpoint, 'x');
    await home.open();
    expect(JSON.parse(home.lines()[0] ?? '')).toMatchObject({ n: 1, event: 'log.damaged' });
  });

  test('of another daemon key is set aside', async () => {
    const stranger = Object.assign(Object.create(home) as AuditHome, {
      privateKey: generateKeyPairSync('ed25519').privateKey,
    });
    expect(await (await stranger.open()).verify()).toMatchObject({ ok: false });
  });
});
