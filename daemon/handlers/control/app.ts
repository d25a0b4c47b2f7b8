import {
  describeCapability,
  type Grant,
  type InstalledApp,
  isAppId,
  isCapability,
} from '@locara/protocol';
import type { ExplainApp } from '../../access/app-explainer.ts';
import type { AppRecord, AppRegistry } from '../../access/app-registry.ts';
import { notInstalled } from '../../access/create-app-registry.ts';
import { type Blocks, toBlockSubject } from '../../access/blocks.ts';
import { effectiveRights } from '../../access/effective-rights.ts';
import { grantCapability, revokeAccess } from '../../access/grants.ts';
import type { AppInstaller } from '../../access/install-app.ts';
import type { Log } from '../../log.ts';
import type { ControlHandlers } from '../../rpc/control-handler.ts';
import type { AppRunHandlers } from './app-run.ts';

export interface AppHandlersOptions {
  readonly registry: AppRegistry;
  readonly installer: AppInstaller;
  readonly blocks: Blocks;
  readonly explain: ExplainApp;
  /** Destroys the app's keys, then its stores; succeeds when there is nothing. */
  readonly wipeData: (appId: string) => Promise<void>;
  /** Told of every change to what an app may do. */
  readonly log: Pick<Log, 'info'>;
}

export function createAppHandlers(
  options: AppHandlersOptions,
): Omit<ControlHandlers<'app'>, keyof AppRunHandlers> {
  const { registry, installer, explain, blocks, log } = options;
  return {
    'app.inspect': async ({ path }) => ({ summary: await installer.inspect(path) }),
    'app.install': async (params) => {
      const installed = await installer.install(params);
      const { appId, version, manifestDigest: digest, attestation } = installed;
      const signerId = registry.find(appId)?.signer.id;
      log.info('app.installed', { appId, version, digest, attestation, signerId });
      return installed;
    },
    'app.list': () => {
      const damaged = [...registry.listDamaged()];
      return {
        apps: registry.list().map((record) => toInstalledApp(record, blocks)),
        ...(damaged.length === 0 ? {} : { damaged }),
      };
    },
    'app.show': ({ appId }) => {
      const record = registry.find(appId);
      if (record === undefined) throw notInstalled();
      return { app: toInstalledApp(record, blocks) };
    },
    'app.explain': (question) => ({ explanation: explain(question) }),
    'app.consent': async ({ appId, capability = '' }) => {
      const record = await grantCapability(registry, appId, capability);
      log.info('app.consented', { appId, capability });
      return { grants: grantsOf(record) };
    },
    'app.revoke': async ({ appId, capability }) => {
      const record = await revokeAccess(registry, appId, capability);
      log.info('app.revoked', { appId, capability });
      return { grants: grantsOf(record), revoked: record.revoked };
    },
    'app.uninstall': ({ appId, wipe }) => uninstallApp(options, { appId, wipe }),
  };
}

/** Ends the app's sessions first (by the registry's announcement), so that nothing writes while its data goes. */
async function uninstallApp(
  { registry, wipeData, log }: AppHandlersOptions,
  { appId, wipe }: { readonly appId: string; readonly wipe: boolean },
): Promise<{ appId: string; wiped: boolean }> {
  if (!isAppId(appId)) throw notInstalled();
  const isPresent = registry.find(appId) !== undefined || registry.isDamaged(appId);
  if (isPresent) {
    await registry.remove(appId);
    log.info('app.uninstalled', { appId });
  } else if (!wipe || registry.findFormer(appId) === undefined) throw notInstalled();
  if (wipe) {
    await wipeData(appId);
    await registry.forget(appId);
    log.info('app.wiped', { appId });
  }
  return { appId, wiped: wipe };
}

function grantsOf(record: AppRecord): Grant[] {
  const { attestation } = record;
  return [...effectiveRights({ record, attestation, block: undefined }).grants];
}

function toInstalledApp(record: AppRecord, blocks: Blocks): InstalledApp {
  const { appId, manifest, manifestDigest, attestation, signer, installedAt, revoked } = record;
  return {
    appId,
    version: manifest.version,
    displayName: manifest.displayName,
    manifestDigest,
    attestation,
    signer: signer.words,
    signerId: signer.id,
    scope: signer.scope,
    signedAt: signer.signedAt,
    provenance: signer.provenance,
    badges: [],
    installedAt,
    revoked,
    blocked: blocks.find(toBlockSubject(record)),
    grants: grantsOf(record).map((grant) => ({
      ...grant,
      sentence: isCapability(grant.capability)
        ? describeCapability(grant.capability).sentence
        : grant.capability,
      uses: 0,
      denials: 0,
    })),
  };
}
