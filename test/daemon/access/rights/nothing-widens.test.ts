import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Capability, LIMITS, type Rights, rightsOf } from '@locara/protocol';
import type { AppRecord } from '../../../../daemon/access/apps/app-registry.ts';
import { effectiveRights } from '../../../../daemon/access/rights/effective-rights.ts';
import { consentTo, revokeAccess } from '../../../../daemon/access/rights/grants.ts';
import { createInstallBench, type InstallBench, PIN } from '../../../support/install-bench.ts';
import { rejectionOf } from '../../../support/signed-package.ts';

const appId = 'acme/notes';
const HOUR_MS = 60 * 60 * 1000;
const OPTIONAL = ['store:sql', 'embed:create'] as const;
const CAPABILITIES = ['llm:generate', 'embed:create', 'store:sql', 'store:write'] as const;

/** What a manifest of the test asks for, and which of it only when the app asks in context. */
interface Asked {
  readonly hasLlm: boolean;
  readonly hasEmbed: boolean;
  readonly hasSql: boolean;
  readonly appData: 'read' | 'read-write';
  readonly quotaMb: number;
  readonly hosts: readonly string[];
  readonly hasCamera: boolean;
  readonly background: 'active' | 'passive' | false;
  readonly optional: readonly (typeof OPTIONAL)[number][];
}

type PlainKind = 'same' | 'revokeApp' | 'uninstall' | 'wipe' | 'reboot';
type Step =
  | { readonly kind: 'install'; readonly asked: Asked }
  | { readonly kind: PlainKind | 'consentAll' }
  | { readonly kind: 'consentOne' | 'revokeOne'; readonly capability: Capability }
  | { readonly kind: 'pass'; readonly hours: number }
  | { readonly kind: 'setTime'; readonly days: number };

const asked = fc.record<Asked>({
  hasLlm: fc.boolean(),
  hasEmbed: fc.boolean(),
  hasSql: fc.boolean(),
  appData: fc.constantFrom('read', 'read-write'),
  quotaMb: fc.constantFrom(100, 200, 300),
  hosts: fc.subarray(['a.example', 'b.example', '*.c.example', 'd.c.example']),
  hasCamera: fc.boolean(),
  background: fc.constantFrom<Asked['background']>('active', 'passive', false),
  optional: fc.subarray([...OPTIONAL]),
});
const capability = fc.constantFrom<Capability>(...CAPABILITIES);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('install' as const), asked }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'consentAll' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('consentOne' as const, 'revokeOne' as const),
      capability,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      hours: fc.integer({ min: 1, max: 200 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('setTime' as const),
      days: fc.integer({ min: -9, max: 9 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom<PlainKind>('same', 'revokeApp', 'uninstall', 'wipe', 'reboot'),
    }),
  },
);

function toManifest(wanted: Asked): Record<string, unknown> {
  const modalities = [
    ...(wanted.hasLlm ? ['text-to-text'] : []),
    ...(wanted.hasEmbed ? ['text-to-embedding'] : []),
  ];
  return {
    modalities,
    models: modalities.length === 0 ? [] : [PIN],
    storage: { sql: wanted.hasSql, quota_mb: wanted.quotaMb },
    capabilities: {
      fs: { 'app-data': wanted.appData },
      net: wanted.hosts.length === 0 ? false : { allowed_hosts: wanted.hosts },
      device: { camera: wanted.hasCamera },
      background: { mode: wanted.background },
      optional: wanted.optional,
    },
  };
}

/** Rights as things that one has or has not: the more of them, the more rights. */
function atomsOf(rights: Rights): string[] {
  const hosts = ['a.example', 'b.example', 'd.c.example', 'x.c.example', 'elsewhere.example'];
  const reaches = (host: string): boolean =>
    rights.hosts.some(
      (pattern) =>
        pattern === '*' ||
        pattern === host ||
        (pattern.startsWith('*.') && host.endsWith(pattern.slice(1))),
    );
  return [
    ...rights.capabilities.map((name) => `capability ${name}`),
    ...rights.models.map((pin) => `model ${pin}`),
    ...hosts.filter(reaches).map((host) => `host ${host}`),
    ...rights.devices.map((name) => `device ${name}`),
    ...(rights.background === 'none' ? [] : ['background passive']),
    ...(rights.background === 'active' ? ['background active'] : []),
    ...[100, 200, 300].filter((mb) => rights.quotaMb >= mb).map((mb) => `quota ${mb}`),
  ];
}

/** What the user has agreed to, kept by the rules of the contract alone: the code under test has no part in it. */
class Model {
  /** What they agreed to and the app did not give up since. */
  agreed = new Set<string>();
  /** What they took back or refused. */
  refused = new Set<string>();
  /** When an update first asked for what is not agreed to, by time that has passed. */
  readonly askedSince = new Map<string, number>();
  /** What needs no waiting: it was offered at the first install. */
  readonly free = new Set<string>();
  isKnown = false;
  passedMs = 0;

  install(atoms: readonly string[], optional: readonly string[]): void {
    const isOptional = (atom: string): boolean => optional.includes(atom);
    if (!this.isKnown) {
      this.isKnown = true;
      for (const atom of atoms) (isOptional(atom) ? this.free : this.agreed).add(atom);
      return;
    }
    for (const kept of [this.agreed, this.free, this.refused]) {
      for (const atom of kept) if (!atoms.includes(atom)) kept.delete(atom);
    }
    for (const atom of this.askedSince.keys()) {
      if (!atoms.includes(atom)) this.askedSince.delete(atom);
    }
    for (const atom of atoms) {
      const isNew = !this.agreed.has(atom) && !this.free.has(atom);
      if (isNew && !this.askedSince.has(atom)) this.askedSince.set(atom, this.passedMs);
    }
  }

  agree(atom: string): void {
    const since = this.askedSince.get(atom);
    if (since !== undefined)
      expect(this.passedMs - since).toBeGreaterThanOrEqual(LIMITS.coolDownMs);
    this.askedSince.delete(atom);
    this.free.delete(atom);
    this.agreed.add(atom);
  }

  forget(): void {
    for (const kept of [this.agreed, this.refused, this.askedSince, this.free]) kept.clear();
    this.isKnown = false;
  }
}

class Run {
  readonly #bench: InstallBench;
  readonly #model = new Model();
  #version = 1;
  #installed: Asked | undefined;

  constructor(bench: InstallBench) {
    this.#bench = bench;
  }

  async take(step: Step): Promise<void> {
    const { bootClock } = this.#bench;
    switch (step.kind) {
      case 'install':
        this.#version += 1;
        return this.#install(step.asked);
      case 'same':
        return this.#installed && this.#install(this.#installed);
      case 'consentAll':
        return this.#consent(undefined);
      case 'consentOne':
        return this.#consent(step.capability);
      case 'revokeOne':
        return this.#revoke(step.capability);
      case 'revokeApp':
        return this.#attempt(() => revokeAccess(this.#bench.grants, appId)).then(() => undefined);
      case 'uninstall':
      case 'wipe':
        return this.#uninstall(step.kind === 'wipe');
      case 'pass':
        bootClock.pass(step.hours * HOUR_MS);
        this.#model.passedMs += step.hours * HOUR_MS;
        return;
      case 'reboot':
        bootClock.reboot(HOUR_MS);
        this.#model.passedMs += HOUR_MS;
        return;
      case 'setTime':
        this.#bench.setTime(new Date(Date.UTC(2026, 2, 1 + step.days)));
    }
  }

  /** Nothing that the app may do now goes beyond what the user agreed to. */
  check(): void {
    const record = this.#bench.registry.find(appId);
    if (record === undefined) return;
    const { agreed, refused } = this.#model;
    for (const atom of atomsOf(inEffect(record))) {
      if (!agreed.has(atom) || refused.has(atom)) expect.fail(`${atom} was never agreed to`);
    }
  }

  async #install(wanted: Asked): Promise<void> {
    await this.#bench.install({ ...toManifest(wanted), version: `${this.#version}.0.0` });
    this.#installed = wanted;
    const { manifest } = this.#record();
    const optional = wanted.optional.map((name) => `capability ${name}`);
    this.#model.install(atomsOf(rightsOf(manifest)), optional);
  }

  async #consent(one: Capability | undefined): Promise<void> {
    const { registry, expansions, grants } = this.#bench;
    const before = registry.find(appId);
    if (before === undefined) return;
    const pending = expansions.describe(before);
    const isNew = one === undefined || !before.approved.capabilities.includes(one);
    const diffDigest = isNew ? pending?.diffDigest : undefined;
    if (!(await this.#attempt(() => consentTo(grants, { appId, capability: one, diffDigest })))) {
      // What has waited long enough can be agreed to: fail closed, but not shut for ever.
      const isDue = pending?.remainingMs === 0 && one === undefined && !before.revoked;
      expect(isDue).toBe(false);
      return;
    }
    if (one !== undefined) {
      this.#model.refused.delete(`capability ${one}`);
      this.#model.agree(`capability ${one}`);
      return;
    }
    const { optional } = before.manifest.capabilities;
    for (const atom of [...this.#model.askedSince.keys()]) {
      const isOptional = optional.some((name) => atom === `capability ${name}`);
      // They have seen it, and now need not wait to be asked for it.
      if (isOptional || this.#model.refused.has(atom)) {
        this.#model.askedSince.delete(atom);
        this.#model.free.add(atom);
      } else this.#model.agree(atom);
    }
  }

  async #revoke(one: Capability): Promise<void> {
    const isDone = await this.#attempt(() => revokeAccess(this.#bench.grants, appId, one));
    if (isDone) this.#model.refused.add(`capability ${one}`);
  }

  async #uninstall(isWipe: boolean): Promise<void> {
    const { registry } = this.#bench;
    if (registry.find(appId) !== undefined) await registry.remove(appId);
    if (!isWipe) return;
    await registry.forget(appId);
    this.#installed = undefined;
    this.#model.forget();
  }

  /** True when it was done; a refusal must be one of the typed ones. */
  async #attempt(run: () => Promise<unknown>): Promise<boolean> {
    let isDone = false;
    const refusal = await rejectionOf(async () => {
      await run();
      isDone = true;
    }).catch(() => undefined);
    if (refusal !== undefined) {
      expect(['NotFound', 'Conflict', 'CapabilityDenied']).toContain(refusal.reason);
    }
    return isDone;
  }

  #record(): AppRecord {
    const record = this.#bench.registry.find(appId);
    if (record === undefined) throw new Error('it is not installed');
    return record;
  }
}

/** What has effect: capabilities that are held, and of everything else what both the manifest asks and the user approved. */
function inEffect(record: AppRecord): Rights {
  const rights = effectiveRights({ record, attestation: 'install-key', block: undefined });
  const { models, quotaMb } = rightsOf(rights.manifest);
  const held = rights.grants.filter(({ state }) => state === 'granted');
  const capabilities = held.map(({ capability: name }) => name);
  return { ...record.approved, models, quotaMb, capabilities };
}

test('no sequence of installs, updates, consents and revocations goes beyond what the user agreed to', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      const run = new Run(await createInstallBench());
      for (const one of steps) {
        await run.take(one);
        run.check();
      }
    }),
    { numRuns: 40 },
  );
}, 300_000);
