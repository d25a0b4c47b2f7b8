import {
  type AppGrant,
  type ControlResult,
  describeCapability,
  type Grant,
  type InstalledApp,
  isCapability,
} from '@locara/protocol';
import type { AuditLog, CapabilityUsage } from '../../audit/audit.ts';
import type { AppRecord, AppRegistry, Decision } from '../apps/app-registry.ts';
import type { InstalledPackage } from '../apps/install-app.ts';
import { type Blocks, toBlockSubject } from '../trust/blocks.ts';
import { effectiveRights } from './effective-rights.ts';
import type { Expansions } from '../apps/expansions.ts';
import { badgesOf } from '../apps/privacy-badges.ts';

/** By capability; those that were never used or refused are absent. */
export type UsageOf = AuditLog['usageOf'];

export interface DescribeAppDeps {
  readonly registry: Pick<AppRegistry, 'isIntact'>;
  readonly blocks: Pick<Blocks, 'find'>;
  readonly expansions: Pick<Expansions, 'describe'>;
  readonly usageOf: UsageOf;
}

/** An installed app as the user sees it. */
export function describeApp(
  { registry, blocks, expansions, usageOf }: DescribeAppDeps,
  record: AppRecord,
): InstalledApp {
  const { appId, manifest, signer } = record;
  const usage = usageOf(appId);
  return {
    appId,
    version: manifest.version,
    displayName: manifest.displayName,
    manifestDigest: record.manifestDigest,
    attestation: record.attestation,
    signer: signer.words,
    signerId: signer.id,
    scope: signer.scope,
    signedAt: signer.signedAt,
    provenance: signer.provenance,
    badges: badgesOf(record),
    installedAt: record.installedAt,
    revoked: record.revoked,
    isIntact: registry.isIntact(appId),
    blocked: blocks.find(toBlockSubject(record)),
    pending: expansions.describe(record),
    grants: currentGrants(record, blocks).map((grant) =>
      describeGrant(grant, {
        decision: record.grants.find(({ capability }) => capability === grant.capability),
        usage: usage.get(grant.capability),
      }),
    ),
  };
}

/** What became of an install: the app as it is now, and where it finds its credentials. */
export function describeInstalled(
  { blocks, expansions }: Pick<DescribeAppDeps, 'blocks' | 'expansions'>,
  { record, credentials }: InstalledPackage,
): ControlResult<'app.install'> {
  return {
    appId: record.appId,
    version: record.manifest.version,
    manifestDigest: record.manifestDigest,
    credentials,
    attestation: record.attestation,
    grants: currentGrants(record, blocks),
    badges: badgesOf(record),
    pending: expansions.describe(record),
  };
}

/** What the app may do now, as the record alone attests it. */
export function currentGrants(record: AppRecord, blocks: Pick<Blocks, 'find'>): Grant[] {
  const block = blocks.find(toBlockSubject(record));
  return [...effectiveRights({ record, attestation: record.attestation, block }).grants];
}

function describeGrant(
  grant: Grant,
  known: { readonly decision: Decision | undefined; readonly usage: CapabilityUsage | undefined },
): AppGrant {
  const { decidedAt, decidedBy, requestedAt } = known.decision ?? {};
  const { uses = 0, denials = 0, lastUsedAt } = known.usage ?? {};
  const sentence = isCapability(grant.capability)
    ? describeCapability(grant.capability).sentence
    : grant.capability;
  return { ...grant, sentence, decidedAt, decidedBy, requestedAt, uses, denials, lastUsedAt };
}
