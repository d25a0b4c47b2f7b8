import { beforeEach, describe, expect, test } from 'vitest';
import { type InstalledApp, RpcError } from '@locara/protocol';
import { createAppRegistry } from '../../../../daemon/access/apps/create-app-registry.ts';
import { describeApp } from '../../../../daemon/access/rights/describe-app.ts';
import { effectiveRights } from '../../../../daemon/access/rights/effective-rights.ts';
import { createExpansions } from '../../../../daemon/access/apps/expansions.ts';
import { consentTo, revokeAccess } from '../../../../daemon/access/rights/grants.ts';
import { silentLog } from '../../../fakes/silent-log.ts';
import { createInstallBench, type InstallBench, PIN } from '../../../support/install-bench.ts';
import { rejectionOf, ruleOf } from '../../../support/signed-package.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const appId = 'acme/notes';
const withModel = { modalities: ['text-to-text'], models: [PIN] };
const withSql = { storage: { sql: true } };

let bench: InstallBench;
beforeEach(async () => {
  bench = await createInstallBench();
});

function show(): InstalledApp {
  const record = bench.registry.find(appId);
  if (record === undefined) throw new Error('it is not installed');
  const { expansions, parts } = bench;
  return describeApp(
    { registry: parts.registry, blocks: parts.blocks, expansions, usageOf: () => new Map() },
    record,
  );
}

/** The capabilities that a session has now. */
function held(): string[] {
  const record = bench.registry.find(appId);
  if (record === undefined) return [];
  const { grants } = effectiveRights({ record, attestation: 'install-key', block: undefined });
  return grants.filter(({ state }) => state === 'granted').map(({ capability }) => capability);
}

function digest(): string {
  return show().pending?.diffDigest ?? 'none';
}

function consent(diffDigest: string | undefined = digest(), capability?: string): Promise<unknown> {
  return consentTo(bench.grants, { appId, diffDigest, capability });
}

/** An app with its data, and an update that asks for a model besides. */
async function installExpansion(): Promise<void> {
  await bench.install();
  await bench.install({ version: '2.0.0', ...withModel });
}

describe('an update that asks for no more', () => {
  test('goes straight through', async () => {
    await bench.install({ ...withModel, ...withSql });
    const { pending, grants } = await bench.install({ version: '1.1.0', ...withModel });
    expect(pending).toBeUndefined();
    expect(grants.every(({ state }) => state === 'granted')).toBe(true);
  });

  test('ends a wait: what it no longer asks for cannot be agreed to', async () => {
    await installExpansion();
    const shown = digest();
    bench.bootClock.pass(8 * DAY_MS);
    await bench.install({ version: '2.1.0' });
    expect(show().pending).toBeUndefined();
    expect(await ruleOf(() => consent(shown))).toBe('Conflict diff_changed');
  });
});

describe('an update that asks for more', () => {
  test('runs with the old rights, and what is new is pending', async () => {
    await installExpansion();
    expect(show()).toMatchObject({
      version: '2.0.0',
      pending: { fromVersion: '1.0.0', remainingMs: 7 * DAY_MS },
    });
    expect(held()).toEqual(['store:read', 'store:write']);
    const record = bench.registry.find(appId);
    if (record === undefined) throw new Error('it is not installed');
    const rights = effectiveRights({ record, attestation: 'install-key', block: undefined });
    expect(rights.manifest.models).toEqual([]);
    expect(bench.audit.decisions.map(({ event }) => event)).toEqual([
      'app.installed',
      'app.updated',
      'expansion.pending',
    ]);
  });

  test('cannot be agreed to before the cool-down is over, and says how long that is', async () => {
    await installExpansion();
    bench.bootClock.pass(7 * DAY_MS - 1);
    const all = await rejectionOf(() => consent());
    expect(all.reason).toBe('CapabilityDenied');
    expect(all.details).toEqual({ rule: 'cool_down', remainingMs: 1 });
    const one = await rejectionOf(() => consent(digest(), 'llm:generate'));
    const capability = 'llm:generate';
    expect(one.details).toEqual({ rule: 'cool_down', remainingMs: 1, capability });
    expect(held()).toEqual(['store:read', 'store:write']);
  });

  test('is agreed to as a whole after it, and the decision is on record', async () => {
    await installExpansion();
    bench.bootClock.pass(7 * DAY_MS);
    await consent();
    expect(held()).toEqual(['llm:generate', 'store:read', 'store:write']);
    const shown = show();
    expect(shown.pending).toBeUndefined();
    expect(shown.grants[0]).toMatchObject({
      decidedBy: 'consent',
      decidedAt: '2026-03-01T12:00:00.000Z',
    });
    expect(shown.grants[1]).toMatchObject({ decidedBy: 'install' });
  });

  test('is agreed to one capability at a time, and the rest goes on waiting as long', async () => {
    await bench.install();
    await bench.install({ version: '2.0.0', ...withModel, ...withSql });
    bench.bootClock.pass(7 * DAY_MS);
    const shown = digest();
    await consent(shown, 'store:sql');
    expect(held()).toEqual(['store:read', 'store:sql', 'store:write']);
    expect(show().pending).toMatchObject({ remainingMs: 0 });
    expect(await ruleOf(() => consent(shown))).toBe('Conflict diff_changed');
    await consent();
    expect(held()).toContain('llm:generate');
  });

  test('leaves an optional capability pending, which is then granted at once', async () => {
    await bench.install();
    const optional = ['store:sql'];
    await bench.install({ version: '2.0.0', ...withModel, capabilities: { optional } });
    const one = () => consentTo(bench.grants, { appId, capability: 'store:sql' });
    expect(await ruleOf(one)).toBe('Conflict diff_changed');
    bench.bootClock.pass(7 * DAY_MS);
    await consent();
    expect(held()).not.toContain('store:sql');
    await one();
    expect(held()).toContain('store:sql');
  });

  test('does not get what the user refused meanwhile, and loses nothing by consent', async () => {
    await bench.install(withSql);
    await bench.install({ version: '2.0.0', ...withModel, ...withSql });
    await revokeAccess(bench.grants, appId, 'llm:generate');
    await revokeAccess(bench.grants, appId, 'store:sql');
    bench.bootClock.pass(7 * DAY_MS);
    await consent();
    expect(show().grants.map(({ state }) => state)).toEqual([
      'denied',
      'granted',
      'revoked',
      'granted',
    ]);
    await consentTo(bench.grants, { appId, capability: 'store:sql' });
    expect(held()).toContain('store:sql');
  });

  test('begins to wait anew when the next one asks for something else too', async () => {
    await installExpansion();
    bench.bootClock.pass(6 * DAY_MS);
    await bench.install({ version: '2.1.0', ...withModel, ...withSql });
    expect(show().pending).toMatchObject({ fromVersion: '1.0.0', remainingMs: 7 * DAY_MS });
  });

  test('goes on waiting when the next one asks for no more than it did', async () => {
    await bench.install();
    await bench.install({ version: '2.0.0', ...withModel, ...withSql });
    const shown = digest();
    bench.bootClock.pass(6 * DAY_MS);
    await bench.install({ version: '2.1.0', ...withModel });
    expect(show().pending).toMatchObject({ fromVersion: '1.0.0', remainingMs: DAY_MS });
    expect(digest()).not.toBe(shown);
  });

  test('shows before it is installed what consent will have to name', async () => {
    await bench.install(withSql);
    const { update } = await bench.inspect({ version: '2.0.0', ...withModel });
    expect(update?.isExpansion).toBe(true);
    await bench.install({ version: '2.0.0', ...withModel });
    expect(digest()).toBe(update?.diffDigest);
  });
});

describe('a wait is not dodged', () => {
  test('by installing the same version again', async () => {
    await installExpansion();
    bench.bootClock.pass(6 * DAY_MS);
    await bench.install({ version: '2.0.0', ...withModel });
    expect(show().pending?.remainingMs).toBe(DAY_MS);
    expect(held()).not.toContain('llm:generate');
  });

  test('by revoking the app and installing it again', async () => {
    await installExpansion();
    await revokeAccess(bench.grants, appId);
    expect(await ruleOf(() => consent())).toBe('Conflict app_revoked');
    await bench.install({ version: '2.0.0', ...withModel });
    expect(show().pending?.remainingMs).toBe(7 * DAY_MS);
    expect(held()).toEqual(['store:read', 'store:write']);
  });

  test('by uninstalling the app, keeping its data, and installing it again', async () => {
    await installExpansion();
    bench.bootClock.pass(6 * DAY_MS);
    await bench.registry.remove(appId);
    await bench.install({ version: '2.0.0', ...withModel });
    expect(show().pending?.remainingMs).toBe(DAY_MS);
    expect(held()).toEqual(['store:read', 'store:write']);
  });

  test('by uninstalling the old version and installing the one that asks for more', async () => {
    await bench.install();
    await bench.registry.remove(appId);
    await bench.install({ version: '2.0.0', ...withModel });
    expect(show().pending?.remainingMs).toBe(7 * DAY_MS);
    expect(held()).not.toContain('llm:generate');
  });

  test('but with its data wiped it is another app, and installs like one', async () => {
    await bench.install();
    await bench.registry.remove(appId);
    await bench.registry.forget(appId);
    await bench.install({ version: '2.0.0', ...withModel });
    expect(show().pending).toBeUndefined();
    expect(held()).toContain('llm:generate');
  });
});

describe('attack 34: a clock that somebody sets', () => {
  test.each([8, -8])('moved by %i days changes nothing', async (days) => {
    await installExpansion();
    bench.setTime(new Date(Date.parse('2026-03-01T12:00:00.000Z') + days * DAY_MS));
    expect(show().pending?.remainingMs).toBe(7 * DAY_MS);
    expect(await ruleOf(() => consent())).toBe('CapabilityDenied cool_down');
    bench.bootClock.pass(7 * DAY_MS);
    await consent();
    expect(held()).toContain('llm:generate');
  });

  test('broken, the cool-down does not end, and says so', async () => {
    await installExpansion();
    bench.bootClock.pass(8 * DAY_MS);
    bench.bootClock.setBroken(true);
    const error = await rejectionOf(() => consent());
    expect(error).toBeInstanceOf(RpcError);
    expect(error.message).toContain('cannot be read');
    bench.bootClock.setBroken(false);
    await consent();
    expect(held()).toContain('llm:generate');
  });

  test('over a reboot and a restart, only what was observed counts', async () => {
    await installExpansion();
    bench.bootClock.pass(3 * DAY_MS);
    await bench.expansions.observe();
    bench.bootClock.pass(DAY_MS);
    bench.bootClock.reboot(2 * DAY_MS);
    const registry = await createAppRegistry({ paths: bench.paths, log: silentLog });
    const { bootClock } = bench;
    const expansions = createExpansions({ registry, bootClock, log: silentLog });
    await expansions.observe();
    const record = registry.find(appId);
    if (record === undefined) throw new Error('it is not installed');
    expect(record.expansion?.waited.elapsedMs).toBe(5 * DAY_MS);
    expect(expansions.describe(record)?.remainingMs).toBe(2 * DAY_MS);
  });
});

describe('attack 35: consent for one difference, applied to another', () => {
  test('is refused when the update changed meanwhile', async () => {
    await installExpansion();
    const shown = digest();
    await bench.install({ version: '2.1.0', ...withModel, ...withSql });
    bench.bootClock.pass(8 * DAY_MS);
    expect(await ruleOf(() => consent(shown))).toBe('Conflict diff_changed');
    expect(await ruleOf(() => consent(shown, 'llm:generate'))).toBe('Conflict diff_changed');
    expect(await ruleOf(() => consent(shown, 'store:sql'))).toBe('Conflict diff_changed');
    expect(await ruleOf(() => consent(shown, 'store:read'))).toBe('Conflict diff_changed');
    expect(held()).toEqual(['store:read', 'store:write']);
  });

  test('is refused without a digest, with that of another app, and when nothing waits', async () => {
    await installExpansion();
    bench.bootClock.pass(8 * DAY_MS);
    for (const digest of [undefined, `sha256:${'0'.repeat(64)}`]) {
      const attempt = () => consentTo(bench.grants, { appId, diffDigest: digest });
      expect(await ruleOf(attempt)).toBe('Conflict diff_changed');
    }
    await bench.install({ name: 'other' });
    await bench.install({ name: 'other', version: '2.0.0', ...withModel });
    const other = bench.registry.find('acme/other')?.expansion?.diffDigest;
    expect(await ruleOf(() => consent(other))).toBe('Conflict diff_changed');
    const shown = digest();
    await consent(shown);
    expect(await ruleOf(() => consent(shown))).toBe('Conflict diff_changed');
  });
});

describe.each(['attack 13', 'attack 28'])('%s: an older version', () => {
  test('is refused, also after an uninstall that kept the data', async () => {
    await bench.install({ version: '2.0.0' });
    expect(await ruleOf(() => bench.install({ version: '1.9.9' }))).toBe('Conflict downgrade');
    await bench.registry.remove(appId);
    expect(await ruleOf(() => bench.install({ version: '1.9.9' }))).toBe('Conflict downgrade');
    expect(await ruleOf(() => bench.install({ version: '2.0.0', description: 'Other.' }))).toBe(
      'Conflict same_version',
    );
  });
});
