import { join } from 'node:path';
import { type AppManifest, type ConsentSummary, RpcError } from '@locara/protocol';
import type { Audit } from '../../audit/audit.ts';
import type { BootClock } from '../../clock/boot-clock.ts';
import type { Paths } from '../../paths.ts';
import type { AppRecord, AppRegistry } from './app-registry.ts';
import { assertMayInstall, type Earlier, findEarlier } from './assert-may-install.ts';
import type { Blocks } from '../trust/blocks.ts';
import { type PinnedModel, summarizeConsent } from './consent-summary.ts';
import { CREDENTIALS_FILE, renderCredentials } from './credentials-file.ts';
import { type ChosenKey, chooseInstallKey } from './install-key.ts';
import { planInstall } from './plan-install.ts';
import { createTaskQueue } from '../../task-queue.ts';
import type { SignatureTrust } from '../trust/verify-bundle.ts';
import { type VerifiedPackage, verifyPackage } from './verify-package.ts';

export interface AppInstallerOptions {
  readonly registry: AppRegistry;
  readonly trust: SignatureTrust;
  readonly blocks: Blocks;
  readonly bootClock: BootClock;
  readonly audit: Pick<Audit, 'decide'>;
  readonly paths: Pick<Paths, 'app' | 'appSocket'>;
  /** The catalog's model of exactly that pin (`<id>@sha256:<hex>`), if there is one. */
  readonly findModel: (pin: string) => PinnedModel | undefined | Promise<PinnedModel | undefined>;
  /** Raw Ed25519, 32 bytes. */
  readonly daemonPublicKey: Uint8Array;
  readonly clock?: () => Date;
  readonly platform?: NodeJS.Platform;
}

export interface AppInstaller {
  /** Verifies a package and says what installing it would mean; changes nothing. */
  inspect(path: string): Promise<ConsentSummary>;
  /** Installs the very manifest that the user was shown: `consentDigest` binds the consent to it. */
  install(request: {
    readonly path: string;
    readonly consentDigest: string;
    readonly acceptRisk: boolean;
  }): Promise<InstalledPackage>;
}

export interface InstalledPackage {
  readonly record: AppRecord;
  /** Path of credentials.json. */
  readonly credentials: string;
}

/** Those that wait to be read: each takes as much memory as a package is long, and maybe a process. */
const MAX_INSPECTIONS = 64;

/** The only way an app gets installed: verified, possible, consented to, in this order. */
export function createAppInstaller(options: AppInstallerOptions): AppInstaller {
  const inTurn = createTaskQueue();
  const inspectInTurn = createTaskQueue({ maxWaiting: MAX_INSPECTIONS });
  return {
    inspect: (path) => inspectInTurn(async () => (await examinePackage(options, path)).summary),
    install: ({ path, consentDigest, acceptRisk }) =>
      inTurn(async () => {
        const examined = await examinePackage(options, path);
        const { summary } = examined;
        if (summary.consentDigest !== consentDigest) {
          throw new RpcError(
            'Conflict',
            'The package is not the one that was shown: read it again, then decide.',
            {
              details: { rule: 'package_changed' },
            },
          );
        }
        if (summary.risks.length > 0 && !acceptRisk) {
          throw new RpcError('CapabilityDenied', 'The risks of this app were not accepted.', {
            details: { rule: 'risk_not_accepted', risks: summary.risks },
          });
        }
        return installVerified(options, examined);
      }),
  };
}

interface Examined {
  readonly verified: VerifiedPackage;
  readonly summary: ConsentSummary;
  readonly installed: AppRecord | undefined;
  /** What the summary compares with. */
  readonly earlier: Earlier | undefined;
}

async function examinePackage(options: AppInstallerOptions, path: string): Promise<Examined> {
  const { registry, blocks, clock = () => new Date() } = options;
  const verified = await verifyPackage(path, options.trust);
  const models = await findModels(verified.manifest, options.findModel);
  // From here on nothing waits: what is compared with is what `put` takes to be installed.
  const installed = registry.find(verified.appId);
  assertMayInstall({ registry, blocks }, verified);
  const earlier = findEarlier(registry, verified.appId);
  const summary = summarizeConsent(verified, { earlier, installed, models, now: clock() });
  return { verified, summary, installed, earlier };
}

async function findModels(
  manifest: AppManifest,
  findModel: AppInstallerOptions['findModel'],
): Promise<Map<string, PinnedModel>> {
  const models = new Map<string, PinnedModel>();
  const issues: { path: string; rule: string }[] = [];
  for (const [index, pin] of manifest.models.entries()) {
    const model = await findModel(pin);
    if (model === undefined) issues.push({ path: `models[${index}]`, rule: 'in the catalog' });
    else models.set(pin, model);
  }
  if (issues.length === 0) return models;
  throw new RpcError('InvalidParams', 'The manifest pins a model that the catalog does not have.', {
    details: { rule: 'unknown_model', issues },
  });
}

async function installVerified(
  options: AppInstallerOptions,
  examined: Examined,
): Promise<InstalledPackage> {
  const { registry, paths, platform = process.platform } = options;
  const { verified, installed } = examined;
  const { appId, manifest, manifestBytes, manifestDigest, attestation } = verified;
  const credentials = join(paths.app(appId), CREDENTIALS_FILE);
  const choice = { manifest, attestation, installed, credentials, platform };
  const key = await chooseInstallKey(choice);
  const record = toRecord(options, examined, key);
  await registry.put(record, {
    manifestBytes,
    credentials: renderCredentials({
      appId,
      manifestDigest,
      ...(key.privateKeyPem === undefined ? {} : { installKey: key.privateKeyPem }),
      daemonPublicKey: Buffer.from(options.daemonPublicKey).toString('base64'),
      socket: paths.appSocket,
    }),
    // A revocation that came meanwhile must not be undone by what was read before it.
    replaces: { record: installed },
  });
  auditInstall(options.audit, record, { isUpdate: installed !== undefined });
  return { record, credentials };
}

function auditInstall(
  audit: AppInstallerOptions['audit'],
  { appId, manifest, manifestDigest: digest, signer, attestation, expansion }: AppRecord,
  { isUpdate }: { readonly isUpdate: boolean },
): void {
  const { version } = manifest;
  const fields = { version, digest, signerId: signer.id, attestation };
  audit.decide(isUpdate ? 'app.updated' : 'app.installed', appId, fields);
  if (expansion === undefined) return;
  audit.decide('expansion.pending', appId, { version, diffDigest: expansion.diffDigest });
}

function toRecord(
  { bootClock, clock = () => new Date() }: AppInstallerOptions,
  { verified, installed, earlier }: Examined,
  key: ChosenKey,
): AppRecord {
  const { appId, manifest, manifestDigest, attestation, signer } = verified;
  const at = clock().toISOString();
  const isSame = installed?.manifestDigest === manifestDigest;
  return {
    appId,
    manifest,
    manifestDigest,
    installPublicKey: key.publicKey,
    attestation,
    signer,
    installedAt: isSame ? installed.installedAt : at,
    revoked: false,
    ...planInstall({
      appId,
      manifest,
      before: earlier,
      at,
      signedAt: signer.signedAt,
      reading: bootClock.read(),
    }),
  };
}
