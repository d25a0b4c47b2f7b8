import { join } from 'node:path';
import {
  type AppManifest,
  type ConsentSummary,
  type ControlResult,
  declaredCapabilities,
  type Grant,
  rightsOf,
  RpcError,
} from '@locara/protocol';
import { compare } from 'semver';
import type { Paths } from '../paths.ts';
import type { AppRecord, AppRegistry } from './app-registry.ts';
import { assertBlocksAreFresh, assertNotBlocked } from './assert-not-blocked.ts';
import { type Blocks, toBlockSubject } from './blocks.ts';
import { type PinnedModel, summarizeConsent } from './consent-summary.ts';
import { CREDENTIALS_FILE } from './create-app-registry.ts';
import { renderCredentials } from './credentials-file.ts';
import { effectiveRights } from './effective-rights.ts';
import { chooseInstallKey } from './install-key.ts';
import { refusePackage } from './refuse-package.ts';
import { createTaskQueue } from './task-queue.ts';
import type { SignatureTrust } from './verify-bundle.ts';
import { type VerifiedPackage, verifyPackage } from './verify-package.ts';

export interface AppInstallerOptions {
  readonly registry: AppRegistry;
  readonly trust: SignatureTrust;
  readonly blocks: Blocks;
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
  }): Promise<ControlResult<'app.install'>>;
}

/** The only way an app gets installed: verified, possible, consented to, in this order. */
export function createAppInstaller(options: AppInstallerOptions): AppInstaller {
  const inTurn = createTaskQueue();
  return {
    inspect: async (path) => (await examinePackage(options, path)).summary,
    install: ({ path, consentDigest, acceptRisk }) =>
      inTurn(async () => {
        const { verified, summary, installed } = await examinePackage(options, path);
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
        return installVerified(options, verified, installed);
      }),
  };
}

async function examinePackage(
  options: AppInstallerOptions,
  path: string,
): Promise<{
  readonly verified: VerifiedPackage;
  readonly summary: ConsentSummary;
  /** What the summary compares with. */
  readonly installed: AppRecord | undefined;
}> {
  const verified = await verifyPackage(path, options.trust);
  assertNotBlocked(options.blocks, toBlockSubject(verified));
  assertBlocksAreFresh(options.blocks);
  const installed = options.registry.find(verified.appId);
  assertSameSigner(options.registry, verified);
  if (installed !== undefined) assertNoRollback(installed, verified);
  const models = await findModels(verified.manifest, options.findModel);
  return { verified, summary: summarizeConsent(verified, { installed, models }), installed };
}

/** The data of an app belongs to who signed it first, even while it is not installed. */
function assertSameSigner(registry: AppRegistry, { appId, signer }: VerifiedPackage): void {
  if (registry.isDamaged(appId)) {
    throw new RpcError('Conflict', 'The record of that app is damaged; uninstall it first.', {
      details: { rule: 'record_damaged' },
    });
  }
  const owner = registry.find(appId)?.signer.id ?? registry.findFormer(appId)?.signerId;
  if (owner !== undefined && owner !== signer.id) throw refusePackage('signer_changed');
}

function assertNoRollback(
  installed: AppRecord,
  { manifest, manifestDigest }: VerifiedPackage,
): void {
  const order = compare(manifest.version, installed.manifest.version);
  if (order < 0) {
    throw new RpcError(
      'Conflict',
      `Version ${installed.manifest.version}, which is newer, is installed.`,
      {
        details: { rule: 'downgrade' },
      },
    );
  }
  if (order === 0 && manifestDigest !== installed.manifestDigest) {
    throw new RpcError(
      'Conflict',
      'Another manifest of the same version is installed: give this one a higher version.',
      {
        details: { rule: 'same_version' },
      },
    );
  }
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
  verified: VerifiedPackage,
  installed: AppRecord | undefined,
): Promise<ControlResult<'app.install'>> {
  const { registry, paths, clock = () => new Date(), platform = process.platform } = options;
  const { appId, manifest, manifestDigest, attestation, signer } = verified;
  const credentials = join(paths.app(appId), CREDENTIALS_FILE);
  const choice = { manifest, attestation, installed, credentials, platform };
  const key = await chooseInstallKey(choice);
  const isSame = installed?.manifestDigest === manifestDigest;
  const record: AppRecord = {
    appId,
    manifest,
    manifestDigest,
    installPublicKey: key.publicKey,
    attestation,
    signer,
    installedAt: isSame ? installed.installedAt : clock().toISOString(),
    revoked: false,
    grants: decideGrants(manifest, installed),
    approved: rightsOf(manifest),
  };
  const credentialsText = renderCredentials({
    appId,
    manifestDigest,
    ...(key.privateKeyPem === undefined ? {} : { installKey: key.privateKeyPem }),
    daemonPublicKey: Buffer.from(options.daemonPublicKey).toString('base64'),
    socket: paths.appSocket,
  });
  const { manifestBytes } = verified;
  await registry.put(record, {
    manifestBytes,
    credentials: credentialsText,
    // A revocation that came meanwhile must not be undone by what was read before it.
    replaces: { record: installed },
  });
  const { version } = manifest;
  const { grants } = effectiveRights({ record, attestation, block: undefined });
  return {
    appId,
    version,
    manifestDigest,
    credentials,
    attestation,
    grants: [...grants],
    badges: [],
  };
}

/** First install: all but the optional ones. Update: earlier decisions stay, what is new waits for the user. */
function decideGrants(manifest: AppManifest, installed: AppRecord | undefined): Grant[] {
  const had = installed === undefined ? [] : declaredCapabilities(installed.manifest);
  const decided = new Map(installed?.grants.map(({ capability, state }) => [capability, state]));
  return declaredCapabilities(manifest).map((capability) => {
    if (installed !== undefined) {
      const state = had.includes(capability) ? decided.get(capability) : undefined;
      return { capability, state: state ?? 'pending' };
    }
    const isOptional = manifest.capabilities.optional.includes(capability);
    return { capability, state: isOptional ? 'pending' : 'granted' };
  });
}
