import * as z from 'zod';
import { defineControlMethod } from './method.ts';

/**
 * What a trusted key or identity may sign: apps from outside a registry, the user's own apps in
 * development, or revocation lists; never two of these.
 */
export const TRUST_SCOPES = ['sideloading', 'development', 'revocation'] as const;

const TrustName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}$/, 'letters, digits, space and . _ @ -');
const Publisher = z
  .string()
  .max(64)
  .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, 'a publisher, as in app ids');
const NumericId = z.string().regex(/^[1-9][0-9]{0,19}$/, 'a number');

const shared = {
  name: z.string(),
  scope: z.enum(TRUST_SCOPES),
  publisher: z.string().optional().describe('Only apps of this publisher; any when absent.'),
  addedAt: z.iso.datetime(),
};

export const TrustedKey = z
  .object({
    ...shared,
    hint: z.string().describe('Base64 SHA-256 of the SPKI DER.'),
    algorithm: z.enum(['ecdsa-p256', 'ed25519']),
  })
  .meta({ id: 'TrustedKey' });
export type TrustedKey = z.output<typeof TrustedKey>;

/** A Sigstore identity, compared letter by letter: never a pattern, never absent. */
export const TrustedIdentity = z
  .object({
    ...shared,
    identity: z.string().describe('The exact subject alternative name.'),
    issuer: z.string().describe('The exact OpenID Connect issuer.'),
    root: z.string().describe('`public-good`, or `sha256:<hex>` of a trusted root of the user.'),
    sourceRepositoryId: z.string().optional(),
    sourceRepositoryOwnerId: z.string().optional(),
  })
  .meta({ id: 'TrustedIdentity' });
export type TrustedIdentity = z.output<typeof TrustedIdentity>;

export const trustMethods = {
  'trust.add': defineControlMethod({
    summary: 'Trust a managed key: what it signed, within its scope, is accepted.',
    params: z.strictObject({
      name: TrustName,
      publicKeyPem: z.string().max(8192),
      scope: z.enum(TRUST_SCOPES).default('sideloading'),
      publisher: Publisher.optional(),
    }),
    result: z.object({ key: TrustedKey, warning: z.string() }),
  }),
  'trust.addIdentity': defineControlMethod({
    summary: 'Trust a Sigstore identity, exactly as its certificates name it.',
    params: z.strictObject({
      name: TrustName,
      identity: z.string().min(1).max(2048),
      issuer: z.string().min(1).max(2048),
      trustedRoot: z
        .string()
        .max(262_144)
        .optional()
        .describe('The text of a trusted_root.json; the public-good instance when absent.'),
      sourceRepositoryId: NumericId.optional(),
      sourceRepositoryOwnerId: NumericId.optional(),
      scope: z.enum(TRUST_SCOPES).default('sideloading'),
      publisher: Publisher.optional(),
    }),
    result: z.object({ identity: TrustedIdentity, warning: z.string() }),
  }),
  'trust.list': defineControlMethod({
    summary: 'The keys and identities that are trusted.',
    params: z.strictObject({}),
    result: z.object({ keys: z.array(TrustedKey), identities: z.array(TrustedIdentity) }),
  }),
  'trust.remove': defineControlMethod({
    summary:
      'Stop trusting a key or identity, by its name or hint. Installed apps stay; updates are refused.',
    params: z.strictObject({ key: z.string().max(2048) }),
    result: z.object({ removed: z.union([TrustedKey, TrustedIdentity]) }),
  }),
};
