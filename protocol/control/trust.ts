import * as z from 'zod';
import { defineControlMethod } from './method.ts';

export const TrustedKey = z
  .object({
    name: z.string(),
    hint: z.string().describe('Base64 SHA-256 of the SPKI DER.'),
    algorithm: z.enum(['ecdsa-p256', 'ed25519']),
    scope: z.enum(['sideloading', 'development']),
    addedAt: z.iso.datetime(),
  })
  .meta({ id: 'TrustedKey' });
export type TrustedKey = z.output<typeof TrustedKey>;

export const trustMethods = {
  'trust.add': defineControlMethod({
    summary: 'Trust a managed key: packages it signed may be installed.',
    params: z.strictObject({
      name: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}$/, 'letters, digits, space and . _ @ -'),
      publicKeyPem: z.string().max(8192),
      scope: z.enum(['sideloading', 'development']).default('sideloading'),
    }),
    result: z.object({ key: TrustedKey }),
  }),
  'trust.list': defineControlMethod({
    summary: 'The keys that are trusted.',
    params: z.strictObject({}),
    result: z.object({ keys: z.array(TrustedKey) }),
  }),
  'trust.remove': defineControlMethod({
    summary: 'Stop trusting a key, by its name or hint. Installed apps stay; updates are refused.',
    params: z.strictObject({ key: z.string().max(128) }),
    result: z.object({ removed: TrustedKey }),
  }),
};
