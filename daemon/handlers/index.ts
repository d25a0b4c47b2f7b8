import { LIMITS } from '@locara/protocol';
import { createAppExplainer } from '../access/rights/app-explainer.ts';
import type { AppRecord, AppRegistry } from '../access/apps/app-registry.ts';
import { createRightsReader } from '../access/rights/effective-rights.ts';
import type { Expansions } from '../access/apps/expansions.ts';
import type { Revocations } from '../access/trust/revocations.ts';
import type { Session } from '../access/session.ts';
import type { Sessions } from '../access/sessions.ts';
import type { AppInstaller } from '../access/apps/install-app.ts';
import type { TrustList } from '../access/trust/trust-list.ts';
import type { DaemonKey } from '../access/daemon-key.ts';
import type { AuditLog } from '../audit/audit.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { createReadMedia } from '../blobs/media.ts';
import { unsealRecords } from '../collections/unseal-records.ts';
import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import { createEmbedder } from '../scheduler/create-embedder.ts';
import type { Models } from '../models/create-models.ts';
import type { ControlHandlers } from '../rpc/control-handler.ts';
import type { Handlers } from '../rpc/handler.ts';
import { removeTree } from '../files/remove-tree.ts';
import type { RunningEngines } from '../scheduler/engines.ts';
import type { TokenQuotas } from '../scheduler/quotas/token-quotas.ts';
import type { Leases } from '../models/leases.ts';
import type { Launches } from '../sandbox/launches.ts';
import type { Privacy } from '../privacy/create-privacy.ts';
import type { AppStores } from '../stores/app-stores.ts';
import type { KeyCustody } from '../stores/keys/key-custody.ts';
import { auditHandlers } from './audit.ts';
import { blobsHandlers } from './blobs.ts';
import { collectionsHandlers } from './collections.ts';
import { createAppHandlers } from './control/app.ts';
import { createAppRunHandlers } from './control/app-run.ts';
import { auditControlHandlers } from './control/audit.ts';
import { doctorHandlers } from './control/doctor.ts';
import { createKeysHandlers } from './control/keys.ts';
import { modelsControlHandlers } from './control/models.ts';
import { createPrivacyControlHandlers } from './control/privacy.ts';
import { createRevocationHandlers } from './control/revocation.ts';
import { type StatusHandlersDeps, statusHandlers } from './control/status.ts';
import { createStoreControlHandlers } from './control/store.ts';
import { createStoreExportHandlers } from './control/store-export.ts';
import { createTrustHandlers } from './control/trust.ts';
import { daemonHandlers } from './daemon.ts';
import { dbHandlers } from './db.ts';
import { createEngineReport } from './engine-report.ts';
import { describeSharing } from './describe-sharing.ts';
import { embedHandlers } from './embed.ts';
import { listFilling } from './list-filling.ts';
import { grantsHandlers } from './grants.ts';
import { llmHandlers } from './llm.ts';
import { modelsHandlers } from './models.ts';
import { ocrHandlers } from './ocr.ts';
import { privacyBudgetHandlers } from './privacy-budget.ts';
import { privacyNoiseHandlers } from './privacy-noise.ts';
import { privacyHandlers } from './privacy.ts';
import { rpcHandlers } from './rpc.ts';
import { sessionHandlers } from './session.ts';
import { transcribeHandlers } from './transcribe.ts';
import { vaultHandlers } from './vault.ts';
import { vaultKeystoreHandlers } from './vault-keystore.ts';
import { vaultStreamHandlers } from './vault-streams.ts';

/** The parts that handlers are made of. */
export interface HandlerParts {
  readonly version: string;
  readonly startedAt: number;
  readonly config: Config;
  readonly log: Log;
  readonly registry: AppRegistry;
  readonly trustList: TrustList;
  readonly installer: AppInstaller;
  readonly sessions: Sessions;
  readonly revocations: Revocations;
  readonly audit: AuditLog;
  readonly daemonKey: DaemonKey;
  readonly expansions: Expansions;
  readonly models: Models;
  readonly engines: RunningEngines;
  readonly quotas: TokenQuotas;
  readonly leases: Leases;
  readonly custody: KeyCustody;
  readonly stores: AppStores;
  readonly blobs: BlobStore;
  readonly launches: Launches;
  readonly privacy: Privacy;
}

export function createHandlers(parts: HandlerParts): Handlers {
  const { config, engines, quotas, blobs, sessions, stores, privacy } = parts;
  const models = parts.models.pinned;
  const readMedia = createReadMedia(blobs);
  const embedder = createEmbedder({ models, engines, quotas });
  const connectionLimit = config.maxConnectionsPerApp;
  const quotasOf = (session: Session) => {
    const blobUsage = blobs.usage(session.appId);
    const storeUsage = stores.usage(session);
    return {
      blobBytes: { limit: blobUsage.limitBytes, used: blobUsage.bytes },
      storeBytes: { limit: storeUsage.limitBytes, used: storeUsage.bytes },
      ...quotas.usageOf(session),
    };
  };
  return {
    ...rpcHandlers(),
    ...daemonHandlers({
      ...parts,
      quotasOf,
      enginesOf: createEngineReport({ engines, pinnedOf: (session) => models.pinnedOf(session) }),
      usageOf: ({ appId }) => {
        const { calls, connections } = sessions.usageOf(appId);
        return {
          calls: { ...calls, limit: LIMITS.maxCallsPerApp },
          connections: { open: connections, limit: connectionLimit },
        };
      },
    }),
    ...sessionHandlers({
      limits: { maxConnectionsPerApp: connectionLimit, authTimeoutMs: config.authTimeoutMs },
      quotasOf,
    }),
    ...grantsHandlers(parts),
    ...modelsHandlers({ models, engines, leases: parts.leases }),
    ...llmHandlers({ models, engines, quotas, privacy }),
    ...embedHandlers({ embedder, privacy }),
    ...transcribeHandlers({ models, engines, readMedia }),
    ...ocrHandlers({ models, engines, readMedia }),
    ...blobsHandlers({ blobs }),
    ...dbHandlers({ stores }),
    ...collectionsHandlers({ stores, embedder, blobs, privacy }),
    ...privacyBudgetHandlers(privacy),
    ...privacyNoiseHandlers(privacy),
    ...privacyHandlers(parts),
    ...auditHandlers(parts),
    ...vaultHandlers(privacy),
    ...vaultStreamHandlers(privacy),
    ...vaultKeystoreHandlers({
      keystore: privacy.keystore,
      unsealRecords: (call, sealed) => unsealRecords(stores, call, sealed),
    }),
  };
}

export function createControlHandlers(parts: HandlerParts): ControlHandlers {
  const { registry, stores } = parts;
  const readRights = createRightsReader(parts.revocations);
  const fillOf = (record: AppRecord) => {
    const { manifest } = readRights(record, record.attestation);
    return stores.fillOf({ appId: record.appId, manifest });
  };
  return {
    ...createStatusHandlers(parts, async () => listFilling(await registry.list(), fillOf)),
    ...doctorHandlers({
      ...parts,
      engines: () => parts.engines.status(),
      memory: () => parts.engines.memory(),
      keys: () => parts.custody.state(),
      privacy: () => parts.privacy.examine(),
    }),
    ...createAppHandlers({
      ...parts,
      blocks: parts.revocations,
      explain: createAppExplainer({
        ...parts,
        blocks: parts.revocations,
        findModel: (pin) => parts.models.findPinned(pin),
        remainingMs: (record) => parts.expansions.describe(record)?.remainingMs ?? 0,
      }),
      describeStore: (record) => ({
        store: fillOf(record),
        sharing: describeSharing(parts, record.appId),
      }),
      usageOf: (appId) => parts.audit.usageOf(appId),
      quotasOf: (record) => parts.quotas.usageOf(record),
      wipeData: async (appId) => {
        await parts.launches.endApp(appId);
        await parts.stores.wipe(appId);
        await parts.blobs.deleteApp(appId);
        await parts.privacy.wipe(appId);
        await removeTree(parts.config.paths.launchedHome(appId));
      },
    }),
    ...createAppRunHandlers(parts),
    ...createTrustHandlers(parts),
    ...createRevocationHandlers(parts),
    ...auditControlHandlers(parts),
    ...createKeysHandlers({ ...parts, readRights }),
    ...createStoreControlHandlers({ ...parts, readRights }),
    ...createStoreExportHandlers({ ...parts, readRights }),
    ...createPrivacyControlHandlers({
      ...parts,
      budgets: parts.privacy.budgets,
      keystore: parts.privacy.keystore,
    }),
    ...modelsControlHandlers({ listModels: () => parts.models.listAll() }),
  };
}

/** What the user sees of the running daemon. */
function createStatusHandlers(parts: HandlerParts, filling: StatusHandlersDeps['filling']) {
  const { sessions, engines, stores, models } = parts;
  return statusHandlers({
    ...parts,
    sessions: () =>
      sessions.list().map(({ session, calls }) => ({
        appId: session.appId,
        attestation: session.attestation,
        pid: session.pid,
        calls,
      })),
    workers: () => [...engines.status(), ...stores.status(), ...parts.privacy.status()],
    memory: () => engines.memory(),
    filling,
    models: () => {
      const { count, bytes } = models.cache.installed();
      return { installed: count, bytes };
    },
  });
}
