import { type InstalledApp, isAppId } from '@locara/protocol';
import type { AppRecord, AppRegistry } from '../../access/app-registry.ts';
import { notInstalled } from '../../access/create-app-registry.ts';
import { effectiveGrants, grantCapability, revokeAccess } from '../../access/grants.ts';
import type { AppInstaller } from '../../access/install-app.ts';
import type { ControlHandlers } from '../../rpc/control-handler.ts';

export interface AppHandlersOptions {
  readonly registry: AppRegistry;
  readonly installer: AppInstaller;
  /** Destroys the app's keys, then its stores; succeeds when there is nothing. */
  readonly wipeData: (appId: string) => Promise<void>;
}

export function createAppHandlers(options: AppHandlersOptions): ControlHandlers<'app'> {
  const { registry, installer } = options;
  return {
    'app.inspect': async ({ path }) => ({ summary: await installer.inspect(path) }),
    'app.install': (params) => installer.install(params),
    'app.list': () => ({ apps: registry.list().map((record) => toInstalledApp(record)) }),
    'app.show': ({ appId }) => {
      const record = registry.find(appId);
      if (record === undefined) throw notInstalled();
      return { app: toInstalledApp(record) };
    },
    'app.consent': async ({ appId, capability }) => ({
      grants: effectiveGrants(await grantCapability(registry, appId, capability)),
    }),
    'app.revoke': async ({ appId, capability }) => {
      const record = await revokeAccess(registry, appId, capability);
      return { grants: effectiveGrants(record), revoked: record.revoked };
    },
    'app.uninstall': ({ appId, wipe }) => uninstallApp(options, { appId, wipe }),
  };
}

/** Ends the app's sessions first (by the registry's announcement), so that nothing writes while its data goes. */
async function uninstallApp(
  { registry, wipeData }: AppHandlersOptions,
  { appId, wipe }: { readonly appId: string; readonly wipe: boolean },
): Promise<{ appId: string; wiped: boolean }> {
  if (!isAppId(appId)) throw notInstalled();
  const isPresent = registry.find(appId) !== undefined || registry.isDamaged(appId);
  if (isPresent) await registry.remove(appId);
  else if (!wipe || registry.findFormer(appId) === undefined) throw notInstalled();
  if (wipe) {
    await wipeData(appId);
    await registry.forget(appId);
  }
  return { appId, wiped: wipe };
}

function toInstalledApp(record: AppRecord): InstalledApp {
  const { appId, manifest, manifestDigest, attestation, signer, installedAt, revoked } = record;
  return {
    appId,
    version: manifest.version,
    displayName: manifest.displayName,
    manifestDigest,
    attestation,
    signer,
    installedAt,
    revoked,
    grants: effectiveGrants(record),
  };
}
