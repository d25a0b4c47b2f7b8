import * as z from 'zod';
import { InferenceLimits } from '../app-manifest.ts';
import { Attestation, Grant, Quotas } from '../methods/session.ts';
import { Rights } from '../rights.ts';
import { RightsDiff } from '../rights-change.ts';
import { Digest } from '../values.ts';
import { defineControlMethod } from './method.ts';
import { Sharing, StoreFill } from './store-view.ts';
import { TRUST_SCOPES } from './trust.ts';

const AppId = z.string().max(256);
const PackagePath = z.string().max(4096);

/** What the certificate of a keyless signature says of where it was made. */
export const Provenance = z
  .object({
    issuer: z.string().describe('Who vouches for the identity.'),
    identity: z.string().describe('The exact subject alternative name.'),
    sourceRepository: z.string().optional(),
    sourceRepositoryId: z.string().optional().describe('Numeric: survives a rename.'),
    sourceRepositoryOwnerId: z.string().optional(),
    sourceRef: z.string().optional(),
    sourceCommit: z.string().optional(),
    runnerEnvironment: z.string().optional(),
    buildUrl: z.string().optional(),
  })
  .meta({ id: 'Provenance' });
export type Provenance = z.output<typeof Provenance>;

/** Who signed an app, and on whose word that counts here. */
export const Signer = z
  .object({
    id: z.string().describe('To compare: an update must have the same.'),
    words: z.string().describe('Who signed it, in words.'),
    scope: z.enum(TRUST_SCOPES),
    signedAt: z.iso.datetime().optional().describe('Attested by a log or a timestamp authority.'),
    provenance: Provenance.optional(),
  })
  .meta({ id: 'Signer' });
export type Signer = z.output<typeof Signer>;

/** Why an app is blocked: an entry of the signed revocation list. */
export const Block = z
  .object({
    reason: z.string(),
    advisory: z.string().optional().describe('Where to read more.'),
    seq: z.int().describe('Of the list that says so.'),
  })
  .meta({ id: 'Block' });
export type Block = z.output<typeof Block>;

export const BADGES = [
  'fully-local',
  'no-telemetry',
  'open-source',
  'sideloaded',
  'development',
] as const;

/** The privacy label: computed from the manifest and its signer, never claimed by the app. */
export const Badge = z
  .object({ id: z.enum(BADGES), label: z.string(), because: z.string() })
  .meta({ id: 'Badge' });
export type Badge = z.output<typeof Badge>;

/** An update that asks for more: the app keeps what it had until the user agrees to this diff. */
export const PendingExpansion = z
  .object({
    diffDigest: Digest.describe('What a consent must name.'),
    diff: RightsDiff,
    fromVersion: z.string(),
    signedAt: z.iso.datetime().optional(),
    firstSeenAt: z.iso.datetime(),
    remainingMs: z
      .int()
      .describe('Of the cool-down, by clocks that nobody can set; 0 when the user may decide.'),
  })
  .meta({ id: 'PendingExpansion' });
export type PendingExpansion = z.output<typeof PendingExpansion>;

/** One capability as the user sees it: the decision, who made it, and what came of it. */
export const AppGrant = z
  .object({
    ...Grant.shape,
    sentence: z.string(),
    decidedAt: z.iso.datetime().optional(),
    decidedBy: z.enum(['install', 'consent', 'revoke']).optional(),
    requestedAt: z.iso.datetime().optional().describe('The app asked for it (grants.request).'),
    uses: z.int(),
    denials: z.int(),
    lastUsedAt: z.iso.datetime().optional(),
  })
  .meta({ id: 'AppGrant' });
export type AppGrant = z.output<typeof AppGrant>;

export const InstalledApp = z
  .object({
    appId: z.string(),
    version: z.string(),
    displayName: z.string(),
    manifestDigest: z.string(),
    attestation: Attestation,
    signer: z.string().describe('Who signed it, in words.'),
    signerId: z.string(),
    scope: z.enum(TRUST_SCOPES),
    signedAt: z.iso.datetime().optional(),
    provenance: Provenance.optional(),
    badges: z.array(Badge),
    installedAt: z.iso.datetime(),
    revoked: z.boolean(),
    isIntact: z
      .boolean()
      .optional()
      .describe(
        'False when a file of it was changed: it cannot connect until it is installed again.',
      ),
    blocked: Block.optional(),
    pending: PendingExpansion.optional(),
    grants: z.array(AppGrant),
  })
  .meta({ id: 'InstalledApp' });
export type InstalledApp = z.output<typeof InstalledApp>;

/** What the user reads before deciding. */
export const ConsentSummary = z
  .object({
    appId: z.string(),
    version: z.string(),
    displayName: z.string(),
    description: z.string(),
    author: z.string(),
    license: z.string(),
    manifestDigest: Digest,
    consentDigest: Digest.describe('Of everything decisive here: what a consent must name.'),
    signer: Signer,
    attestation: Attestation,
    badges: z.array(Badge),
    grants: z.array(
      z.object({
        capability: z.string(),
        sentence: z.string(),
        declaredBy: z.string(),
        optional: z.boolean(),
      }),
    ),
    models: z.array(z.object({ model: z.string(), bytes: z.int(), installed: z.boolean() })),
    rights: Rights.describe('Everything the manifest asks for, as it is compared.'),
    limits: InferenceLimits.optional().describe('Of inference, as the manifest sets them itself.'),
    risks: z.array(z.string()).describe('Why `--yes` alone is not enough.'),
    update: z
      .object({
        fromVersion: z.string(),
        diff: RightsDiff,
        diffDigest: Digest,
        isExpansion: z
          .boolean()
          .describe('It asks for more: that waits for cool-down and consent.'),
      })
      .optional(),
  })
  .meta({ id: 'ConsentSummary' });
export type ConsentSummary = z.output<typeof ConsentSummary>;

/** Whether a call would be allowed, and every check that decides it, in order. */
export const Explanation = z
  .object({
    allowed: z.boolean(),
    requires: z.array(z.string()),
    checks: z.array(
      z.object({
        check: z.string(),
        holds: z.boolean(),
        sentence: z.string(),
        remedy: z.string().optional().describe('What would change it.'),
        onlySome: z
          .boolean()
          .optional()
          .describe('It concerns calls with some parameters alone: `allowed` is without it.'),
      }),
    ),
  })
  .meta({ id: 'Explanation' });
export type Explanation = z.output<typeof Explanation>;

export const appMethods = {
  'app.inspect': defineControlMethod({
    summary: 'Verify a package and say what installing it would mean; changes nothing.',
    params: z.strictObject({ path: PackagePath }),
    result: z.object({ summary: ConsentSummary }),
  }),
  'app.install': defineControlMethod({
    summary: 'Install the package the user was shown: the digest binds the consent to it.',
    params: z.strictObject({ path: PackagePath, consentDigest: Digest, acceptRisk: z.boolean() }),
    result: z.object({
      appId: z.string(),
      version: z.string(),
      manifestDigest: z.string(),
      credentials: z.string(),
      attestation: Attestation,
      grants: z.array(Grant),
      badges: z.array(Badge),
      pending: PendingExpansion.optional(),
    }),
  }),
  'app.list': defineControlMethod({
    summary: 'Installed apps.',
    params: z.strictObject({}),
    result: z.object({
      apps: z.array(InstalledApp),
      damaged: z
        .array(z.string())
        .optional()
        .describe('Ids of apps whose record on disk cannot be trusted: uninstall them.'),
    }),
  }),
  'app.show': defineControlMethod({
    summary: 'One app: who signed it, what it may do, what it did.',
    params: z.strictObject({ appId: AppId }),
    result: z.object({
      app: InstalledApp,
      quotas: Quotas.optional().describe('Of inference: what it may use and uses now.'),
      store: StoreFill.optional().describe('Its own data.'),
      sharing: z.array(Sharing).optional().describe('Collections that it shares with other apps.'),
    }),
  }),
  'app.explain': defineControlMethod({
    summary: 'Why a call of this app would be allowed or refused.',
    params: z.strictObject({ appId: AppId, method: z.string().max(128) }),
    result: z.object({ explanation: Explanation }),
  }),
  'app.consent': defineControlMethod({
    summary:
      'Grant a declared capability (or a sharing, as `ipc:<collection>`), or, without one, all that an update asks for: then `diffDigest` names what the user was shown.',
    params: z.strictObject({
      appId: AppId,
      capability: z.string().max(128).optional(),
      diffDigest: Digest.optional(),
    }),
    result: z.object({ grants: z.array(Grant) }),
  }),
  'app.revoke': defineControlMethod({
    summary:
      'Revoke one capability (or end a sharing, as `ipc:<collection>`), or the app as a whole; reaches open sessions at once.',
    params: z.strictObject({ appId: AppId, capability: z.string().max(128).optional() }),
    result: z.object({ grants: z.array(Grant), revoked: z.boolean() }),
  }),
  'app.uninstall': defineControlMethod({
    summary: 'Remove an app. Its data stays unless `wipe`, which destroys its keys first.',
    params: z.strictObject({ appId: AppId, wipe: z.boolean().default(false) }),
    result: z.object({ appId: z.string(), wiped: z.boolean() }),
  }),
};
