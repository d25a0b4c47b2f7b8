import * as z from 'zod';
import { Attestation, Grant } from '../methods/session.ts';
import { Digest } from '../values.ts';
import { defineControlMethod } from './method.ts';

const AppId = z.string().max(256);

export const InstalledApp = z
  .object({
    appId: z.string(),
    version: z.string(),
    displayName: z.string(),
    manifestDigest: z.string(),
    attestation: Attestation,
    signer: z.string(),
    installedAt: z.iso.datetime(),
    revoked: z.boolean(),
    grants: z.array(Grant),
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
    signer: z.string().describe('Who signed it, in words.'),
    attestation: Attestation,
    grants: z.array(
      z.object({
        capability: z.string(),
        sentence: z.string(),
        declaredBy: z.string(),
        optional: z.boolean(),
      }),
    ),
    models: z.array(z.object({ model: z.string(), bytes: z.int(), installed: z.boolean() })),
    risks: z.array(z.string()).describe('Why `--yes` alone is not enough.'),
    update: z
      .object({ fromVersion: z.string(), added: z.array(z.string()), removed: z.array(z.string()) })
      .optional(),
  })
  .meta({ id: 'ConsentSummary' });
export type ConsentSummary = z.output<typeof ConsentSummary>;

export const appMethods = {
  'app.inspect': defineControlMethod({
    summary: 'Verify a package and say what installing it would mean; changes nothing.',
    params: z.strictObject({ path: z.string().max(4096) }),
    result: z.object({ summary: ConsentSummary }),
  }),
  'app.install': defineControlMethod({
    summary: 'Install the package the user was shown: the digest binds the consent to it.',
    params: z.strictObject({
      path: z.string().max(4096),
      manifestDigest: Digest,
      acceptRisk: z.boolean(),
    }),
    result: z.object({
      appId: z.string(),
      version: z.string(),
      manifestDigest: z.string(),
      credentials: z.string(),
      attestation: Attestation,
      grants: z.array(Grant),
    }),
  }),
  'app.list': defineControlMethod({
    summary: 'Installed apps.',
    params: z.strictObject({}),
    result: z.object({ apps: z.array(InstalledApp) }),
  }),
  'app.show': defineControlMethod({
    summary: 'One app: who signed it, what it may do.',
    params: z.strictObject({ appId: AppId }),
    result: z.object({ app: InstalledApp }),
  }),
  'app.consent': defineControlMethod({
    summary: 'Grant a capability that the manifest declares.',
    params: z.strictObject({ appId: AppId, capability: z.string().max(128) }),
    result: z.object({ grants: z.array(Grant) }),
  }),
  'app.revoke': defineControlMethod({
    summary: 'Revoke one capability, or the app as a whole; reaches open sessions at once.',
    params: z.strictObject({ appId: AppId, capability: z.string().max(128).optional() }),
    result: z.object({ grants: z.array(Grant), revoked: z.boolean() }),
  }),
  'app.uninstall': defineControlMethod({
    summary: 'Remove an app. Its data stays unless `wipe`, which destroys its keys first.',
    params: z.strictObject({ appId: AppId, wipe: z.boolean().default(false) }),
    result: z.object({ appId: z.string(), wiped: z.boolean() }),
  }),
};
