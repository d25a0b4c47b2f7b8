import { type ControlParams, type ControlResult, isAppId, type Result } from '@locara/protocol';
import type { ExplainApp } from '../../access/rights/app-explainer.ts';
import type { AppRecord, AppRegistry } from '../../access/apps/app-registry.ts';
import type { Blocks } from '../../access/trust/blocks.ts';
import {
  currentGrants,
  describeApp,
  describeInstalled,
  type UsageOf,
} from '../../access/rights/describe-app.ts';
import type { Expansions } from '../../access/apps/expansions.ts';
import { type Consent, consentTo, revokeAccess } from '../../access/rights/grants.ts';
import type { AppInstaller } from '../../access/apps/install-app.ts';
import { notInstalled, whyAbsent } from '../../access/apps/absent-app.ts';
import { createTaskQueue } from '../../task-queue.ts';
import type { Audit } from '../../audit/audit.ts';
import type { Log } from '../../log.ts';
import type { ControlHandlers } from '../../rpc/control-handler.ts';
import type { AppRunHandlers } from './app-run.ts';

export interface AppHandlersOptions {
  readonly registry: AppRegistry;
  readonly installer: AppInstaller;
  readonly explain: ExplainApp;
  readonly expansions: Expansions;
  readonly blocks: Blocks;
  readonly usageOf: UsageOf;
  /** How much inference the app may use, and uses. */
  readonly quotasOf: (record: AppRecord) => Result<'session.info'>['quotas'];
  /** How full its store is, and what it shares. */
  readonly describeStore?: (
    record: AppRecord,
  ) => Pick<ControlResult<'app.show'>, 'store' | 'sharing'>;
  /** Destroys the app's keys, then its stores; succeeds when there is nothing. */
  readonly wipeData: (appId: string) => Promise<void>;
  /** Told of every change to what an app may do. */
  readonly log: Pick<Log, 'info'>;
  readonly audit: Pick<Audit, 'decide'>;
  readonly clock?: () => Date;
}

export function createAppHandlers(
  options: AppHandlersOptions,
): Omit<ControlHandlers<'app'>, keyof AppRunHandlers> {
  const { registry, installer, explain, expansions, blocks } = options;
  // An app that came back in the middle of its wipe would write to files that are going.
  const inTurn = createTaskQueue();
  return {
    'app.inspect': async ({ path }) => ({ summary: await installer.inspect(path) }),
    'app.install': (params) => inTurn(() => installApp(options, params)),
    'app.list': async () => {
      await expansions.observe();
      const [records, damaged] = [await registry.list(), [...(await registry.listDamaged())]];
      return {
        apps: records.map((record) => describeApp(options, record)),
        ...(damaged.length === 0 ? {} : { damaged }),
      };
    },
    'app.show': async ({ appId }) => {
      await expansions.observe();
      const record = registry.find(appId);
      if (record === undefined) throw whyAbsent(registry, appId);
      const quotas = options.quotasOf(record);
      return { app: describeApp(options, record), quotas, ...options.describeStore?.(record) };
    },
    'app.explain': (question) => ({ explanation: explain(question) }),
    'app.consent': async (consent) => {
      await expansions.observe();
      return { grants: currentGrants(await consentToApp(options, consent), blocks) };
    },
    'app.revoke': async ({ appId, capability }) => {
      const record = await revokeApp(options, { appId, capability });
      return { grants: currentGrants(record, blocks), revoked: record.revoked };
    },
    'app.uninstall': ({ appId, wipe }) => inTurn(() => uninstallApp(options, { appId, wipe })),
  };
}

async function installApp(
  options: AppHandlersOptions,
  params: ControlParams<'app.install'>,
): Promise<ControlResult<'app.install'>> {
  const installed = await options.installer.install(params);
  const { appId, manifest, manifestDigest: digest, attestation, signer } = installed.record;
  const { version } = manifest;
  options.log.info('app.installed', { appId, version, digest, attestation, signerId: signer.id });
  return describeInstalled(options, installed);
}

async function consentToApp(options: AppHandlersOptions, consent: Consent): Promise<AppRecord> {
  const { registry, expansions, log, audit, clock = systemClock } = options;
  const { appId, capability, diffDigest } = consent;
  const record = await consentTo({ registry, expansions, clock }, consent);
  log.info('app.consented', { appId, capability, digest: diffDigest });
  const { version } = record.manifest;
  const shown = diffDigest === undefined ? {} : { diffDigest };
  if (capability === undefined) audit.decide('expansion.consented', appId, { version, ...shown });
  else audit.decide('grant.consented', appId, { version, capability, ...shown });
  return record;
}

async function revokeApp(
  { registry, log, audit, clock = systemClock }: AppHandlersOptions,
  { appId, capability }: { readonly appId: string; readonly capability: string | undefined },
): Promise<AppRecord> {
  const record = await revokeAccess({ registry, clock }, appId, capability);
  log.info('app.revoked', { appId, capability });
  const { version } = record.manifest;
  if (capability === undefined) audit.decide('app.revoked', appId, { version });
  else audit.decide('grant.revoked', appId, { version, capability });
  return record;
}

/** Ends the app's sessions first (by the registry's announcement), so that nothing writes while its data goes. */
async function uninstallApp(
  { registry, wipeData, log, audit }: AppHandlersOptions,
  { appId, wipe }: { readonly appId: string; readonly wipe: boolean },
): Promise<{ appId: string; wiped: boolean }> {
  if (!isAppId(appId)) throw notInstalled();
  const isPresent = registry.find(appId) !== undefined || registry.isDamaged(appId);
  if (isPresent) {
    await registry.remove(appId);
    log.info('app.uninstalled', { appId });
    audit.decide('app.uninstalled', appId, { wipe });
  } else if (!wipe || registry.findFormer(appId) === undefined) throw notInstalled();
  if (wipe) {
    await wipeData(appId);
    await registry.forget(appId);
    log.info('app.wiped', { appId });
    audit.decide('app.wiped', appId);
  }
  return { appId, wiped: wipe };
}

function systemClock(): Date {
  return new Date();
}
