import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { AuditLog } from '../../../daemon/audit/audit.ts';
import { AuditHome } from '../../support/audit-home.ts';
import { bestCpuMs } from '../../support/cpu-time.ts';
import { asOrdinaryUser } from '../../support/ordinary-user.ts';

const APP = 'acme/notes';
const use = { appId: APP, capability: 'llm:generate', method: 'llm.chat' };
const denial = { appId: APP, capability: 'ocr:run', method: 'ocr.recognize' };

let home: AuditHome;
let audit: AuditLog;

beforeEach(async () => {
  home = new AuditHome();
  audit = await home.open();
});

function eventsOf(lines: readonly string[]): string[] {
  return lines.map((line) => (JSON.parse(line) as { event: string }).event);
}

describe('decisions', () => {
  test('are on the disk once settled, in files that only the user may read', async () => {
    audit.decide('app.installed', APP, { version: '1.0.0' });
    await audit.settle();
    expect(eventsOf(home.lines())).toEqual(['log.begun', 'app.installed']);
    for (const path of [...home.segments(), home.paths.auditCheckpoint]) {
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
  });

  test('told together are all there, in order', async () => {
    for (let entry = 0; entry < 2000; entry += 1) audit.decide('trust.added', undefined, { entry });
    await audit.settle();
    const told = home
      .lines()
      .slice(1)
      .map((line) => (JSON.parse(line) as { fields: { entry: number } }).fields.entry);
    expect(told).toEqual(Array.from({ length: 2000 }, (_, entry) => entry));
  });

  test('carry short fields, whatever they are told with', async () => {
    const long = 'x'.repeat(100_000);
    audit.decide('trust.added', long, {
      long,
      number: Number.NaN,
      lone: '\ud800',
      ['__proto__']: 'x',
    });
    await audit.settle();
    expect((home.lines().at(-1) ?? '').length).toBeLessThan(3000);
    expect(await audit.verify()).toMatchObject({ ok: true });
  });

  test('that an app causes itself are bounded by the hour', async () => {
    for (let request = 0; request < 500; request += 1) audit.decide('grant.requested', APP);
    audit.decide('grant.revoked', APP);
    await audit.settle();
    expect(home.lines().length).toBeLessThanOrEqual(122);
    expect(eventsOf(home.lines()).at(-1)).toBe('grant.revoked');
  });

  test('that a list blocks an app is told, however much the app has written before', async () => {
    for (let request = 0; request < 500; request += 1) audit.decide('grant.requested', APP);
    audit.decide('revocation.blocked', APP, { version: '1.0.0', seq: 7 });
    await audit.settle();
    expect(eventsOf(home.lines()).at(-1)).toBe('revocation.blocked');
  });
});

describe('uses and denials', () => {
  test('are counted together by method, capability and outcome, and visible at once', () => {
    for (let call = 0; call < 10; call += 1) audit.use(use);
    audit.deny(denial);
    audit.deny(denial);
    const { entries } = audit.capabilityLog(APP, { limit: 10 });
    expect(entries).toHaveLength(2);
    expect(entries).toContainEqual(
      expect.objectContaining({
        capability: 'llm:generate',
        method: 'llm.chat',
        outcome: 'used',
        count: 10,
      }),
    );
    expect(entries).toContainEqual(
      expect.objectContaining({
        capability: 'ocr:run',
        method: 'ocr.recognize',
        outcome: 'denied',
        count: 2,
      }),
    );
  });

  test('of one app are not told to another', () => {
    audit.use(use);
    expect(audit.capabilityLog('acme/other', { limit: 10 })).toEqual({ entries: [] });
    expect(audit.usageOf('__proto__').size).toBe(0);
  });

  test('come newest first, and page by page each once', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      for (const method of ['a', 'b', 'c', 'd', 'e']) {
        vi.advanceTimersByTime(1000);
        audit.use({ ...use, method });
      }
    } finally {
      vi.useRealTimers();
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = audit.capabilityLog(APP, { limit: 2, cursor });
      seen.push(...page.entries.map(({ method }) => method));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(['e', 'd', 'c', 'b', 'a']);
  });

  test.each(['', 'x', '1.', '1.1.1', '-1.1', '9'.repeat(60)])('refuse the cursor %j', (cursor) => {
    expect(() => audit.capabilityLog(APP, { limit: 1, cursor })).toThrow(
      expect.objectContaining({ reason: 'InvalidParams' }),
    );
  });

  test('survive a restart, with their totals', async () => {
    for (let call = 0; call < 7; call += 1) audit.use(use);
    audit.deny(denial);
    const before = audit.capabilityLog(APP, { limit: 10 });
    await audit.close();
    const next = await home.open();
    expect(next.capabilityLog(APP, { limit: 10 })).toEqual(before);
    expect(next.usageOf(APP).get('llm:generate')).toMatchObject({ uses: 7, denials: 0 });
    expect(next.usageOf(APP).get('ocr:run')).toEqual({ uses: 0, denials: 1 });
  });

  test('become entries when the window ends', async () => {
    const quick = await home.open({ windowMs: 5 });
    quick.use(use);
    await vi.waitFor(() => {
      expect(eventsOf(home.lines())).toContain('capability.used');
    }, 30_000);
  });

  test('of an app that loops over made-up capabilities stay few, and no count is lost', async () => {
    for (let call = 0; call < 100_000; call += 1) {
      audit.deny({ appId: APP, capability: `tools:random-${call}`, method: 'tools.invoke' });
    }
    const { entries } = audit.capabilityLog(APP, { limit: 1000 });
    expect(entries.length).toBeLessThanOrEqual(98);
    expect(entries.reduce((sum, { count }) => sum + count, 0)).toBe(100_000);
    await audit.close();
    expect(home.lines().length).toBeLessThanOrEqual(100);
  });

  test('cost an app at most 120 entries an hour, however often the window ends', async () => {
    const quick = await home.open({ windowMs: 1 });
    const end = performance.now() + 500;
    await vi.waitUntil(
      () => {
        for (let call = 0; call < 20; call += 1) quick.deny({ ...denial, method: String(call) });
        return performance.now() > end;
      },
      { interval: 2, timeout: 30_000 },
    );
    expect(home.lines().length).toBeLessThanOrEqual(121);
  });

  test('are forgotten in the app’s view when it is wiped, also after a restart; the chain keeps its lines', async () => {
    audit.use(use);
    audit.decide('app.wiped', APP);
    expect(audit.capabilityLog(APP, { limit: 10 }).entries).toEqual([]);
    audit.deny(denial);
    await audit.close();
    const next = await home.open();
    expect(next.capabilityLog(APP, { limit: 10 }).entries).toMatchObject([{ outcome: 'denied' }]);
    expect(eventsOf(home.lines())).toEqual([
      'log.begun',
      'capability.used',
      'app.wiped',
      'capability.denied',
    ]);
  });
});

describe('reading', () => {
  test('audit.show is newest first, of one app, below a number', async () => {
    for (const appId of [APP, 'acme/other', APP]) audit.decide('grant.consented', appId);
    expect((await audit.show({ limit: 2 })).map(({ n }) => n)).toEqual([4, 3]);
    expect((await audit.show({ limit: 9, appId: APP })).map(({ n }) => n)).toEqual([4, 2]);
    expect((await audit.show({ limit: 9, before: 3 })).map(({ n }) => n)).toEqual([2, 1]);
  });

  test('an export has every line once, page by page', async () => {
    for (let entry = 0; entry < 25; entry += 1) audit.decide('trust.added', undefined, { entry });
    await audit.settle();
    const lines: string[] = [];
    for (let after: number | undefined = 0; after !== undefined;) {
      const page: { lines: string[]; next?: number } = await audit.exportLines(after, 10);
      lines.push(...page.lines);
      after = page.next;
    }
    expect(lines).toEqual(home.lines());
  });
});

describe('retention', () => {
  const limits = { segmentBytes: 1000, maxSegments: 3 };

  test('drops the oldest segments, and what is left still holds, also after a restart', async () => {
    const log = await home.open({ limits });
    log.use(use);
    await log.show({ limit: 1 });
    for (let entry = 0; entry < 120; entry += 1) {
      log.decide('trust.added', undefined, { entry });
      await log.settle();
    }
    expect(home.segments()).toHaveLength(3);
    expect((await log.verify()).ok).toBe(true);
    expect(log.usageOf(APP).size).toBe(0);
    await log.close();
    const next = await home.open({ limits });
    expect((await next.verify()).ok).toBe(true);
    expect((await next.exportLines(0, 1000)).lines).toEqual(home.lines());
  });

  test('that a crash interrupted is finished at the next start', async () => {
    const log = await home.open({ limits: { ...limits, maxSegments: 2 } });
    let before = home.snapshot();
    while (home.segments().length < 2 || home.segments()[0]?.includes('000000000001') === true) {
      before = home.snapshot();
      log.decide('trust.added', undefined);
      await log.settle();
    }
    const dropped = '000000000001.jsonl';
    writeFileSync(`${home.paths.audit}/${dropped}`, 'what a crash left');
    rmSync(before, { recursive: true });
    const next = await home.open({ limits: { ...limits, maxSegments: 2 } });
    expect((await next.verify()).ok).toBe(true);
    expect(home.segments().join()).not.toContain(dropped);
  });
});

describe('a log that cannot be written', () => {
  /** A file where the segment should be written cannot be written by anyone: not even by root. */
  function block(): void {
    rmSync(home.paths.auditCheckpoint);
    mkdirSync(home.paths.auditCheckpoint);
  }

  test('refuses what would widen a right, and takes what narrows it', async () => {
    block();
    await expect(audit.announce({ method: 'app.install' }, undefined)).rejects.toMatchObject({
      reason: 'Unavailable',
    });
    audit.decide('grant.revoked', APP);
    await audit.settle();
    expect(await audit.verify()).toMatchObject({ ok: false });
  });

  test('is written again as soon as it can be, with every decision that waited and none that was refused', async () => {
    block();
    await audit.announce({ method: 'app.install' }, undefined).catch(() => undefined);
    audit.decide('grant.revoked', APP);
    await audit.settle();
    rmSync(home.paths.auditCheckpoint, { recursive: true });
    await audit.announce({ method: 'app.consent' }, APP);
    expect(eventsOf(home.lines())).toEqual(['log.begun', 'grant.revoked', 'decision.asked']);
    expect(await audit.verify()).toMatchObject({ ok: true });
  });

  test('does not keep the daemon from starting, and is opened when it can be', async () => {
    await audit.close();
    rmSync(home.paths.audit, { recursive: true });
    writeFileSync(home.paths.audit, '');
    const next = await home.open();
    expect(await next.verify()).toMatchObject({ ok: false });
    await expect(next.show({ limit: 1 })).rejects.toMatchObject({ reason: 'Unavailable' });
    next.use(use);
    await expect(next.announce({}, undefined)).rejects.toMatchObject({ reason: 'Unavailable' });
    rmSync(home.paths.audit);
    await next.announce({ method: 'trust.add' }, undefined);
    expect(eventsOf(home.lines())).toEqual(['log.damaged', 'decision.asked']);
    expect(next.capabilityLog(APP, { limit: 1 }).entries).toHaveLength(1);
  });

  test('is not read around when its folder is closed', async () => {
    await audit.close();
    const verify = async () => {
      const opened = await home.open();
      const verified = await opened.verify();
      await opened.close();
      return verified;
    };
    const asOwner = { owns: true };
    expect(await asOrdinaryUser(home.root, verify, asOwner)).toMatchObject({ ok: true });
    chmodSync(home.paths.audit, 0o000);
    expect(await asOrdinaryUser(home.root, verify, asOwner)).toMatchObject({ ok: false });
    chmodSync(home.paths.audit, 0o700);
  });
});

test('counting a use costs at most 1 µs', () => {
  const calls = 1_000_000;
  const mostMs = calls / 1000;
  const best = bestCpuMs(mostMs, () => {
    for (let call = 0; call < calls; call += 1)
      audit.use({ appId: APP, capability: 'llm:generate', method: 'llm.chat' });
  });
  expect(best).toBeLessThan(mostMs);
});
