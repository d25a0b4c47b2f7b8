import * as z from 'zod';
import { GRANT_STATES } from '../capabilities.ts';
import { defineMethod } from '../method.ts';
import { Base64 } from '../values.ts';

export const ATTESTATIONS = [
  'os-code-identity',
  'daemon-launched-sandbox',
  'install-key',
  'development',
] as const;
export const Attestation = z
  .enum(ATTESTATIONS)
  .describe('How the identity of the app was established; never better than it was.');
export type Attestation = z.output<typeof Attestation>;

export const Grant = z
  .object({ capability: z.string(), state: z.enum(GRANT_STATES) })
  .meta({ id: 'Grant' });
export type Grant = z.output<typeof Grant>;

/** What an app may use and uses, by name with its unit, as `blobBytes`; `tokensPerDay` is of the last 24 hours. */
export const Quotas = z
  .record(z.string(), z.object({ limit: z.int(), used: z.int() }))
  .meta({ id: 'Quotas' });

const AppIdentity = z.object({
  id: z.string(),
  version: z.string(),
  displayName: z.string(),
});

export const sessionMethods = {
  'session.hello': defineMethod({
    summary: 'Open the handshake: agree on a version and get the server nonce.',
    requires: 'connection',
    params: z.strictObject({
      protocol: z.strictObject({ min: z.int().min(0), max: z.int().min(0) }),
      client: z.strictObject({ name: z.string().max(128), version: z.string().max(64) }),
    }),
    result: z.object({
      protocol: z.int(),
      daemon: z.object({
        name: z.literal('locarad'),
        version: z.string(),
        pid: z.int(),
        publicKey: Base64.describe('Raw Ed25519 public key, 32 bytes.'),
      }),
      nonce: Base64.describe('32 random bytes.'),
      limits: z.object({
        maxMessageBytes: z.int(),
        maxMessageDepth: z.int(),
        maxMessageValues: z.int(),
        maxConnectionsPerApp: z.int(),
        maxCallsPerConnection: z.int(),
        authTimeoutMs: z.int(),
      }),
      features: z.array(z.string()),
    }),
    errors: ['IncompatibleVersion', 'Conflict'],
  }),
  'session.authenticate': defineMethod({
    summary: 'Prove the signed manifest identity; from then on the connection is the session.',
    requires: 'connection',
    params: z.strictObject({
      appId: z.string().max(256),
      manifestDigest: z.string().max(128).describe('`sha256:<hex>` of the raw locara.json.'),
      nonce: Base64.max(128).describe("The client's own 32 random bytes."),
      pid: z.int().describe("The client's process id."),
      signature: Base64.max(128).describe(
        'Ed25519 over the client transcript (its bytes: protocol/docs/handshake.md) by the install key.',
      ),
    }),
    result: z.object({
      app: AppIdentity,
      attestation: Attestation,
      grants: z.array(Grant),
      signature: Base64.describe("Ed25519 over the server transcript by the daemon's key."),
    }),
  }),
  'session.enroll': defineMethod({
    summary:
      'macOS: register the public half of a key that the app made in its own container; only under os-code-identity.',
    requires: 'connection',
    params: z.strictObject({
      appId: z.string().max(256),
      manifestDigest: z.string().max(128),
      publicKey: Base64.max(128).describe('Raw Ed25519 public key, 32 bytes.'),
      nonce: Base64.max(128).describe("The client's own 32 random bytes."),
      pid: z.int(),
      signature: Base64.max(128).describe('Over the client transcript, by the new key.'),
    }),
    result: z.object({ enrolled: z.literal(true) }),
    errors: ['Unavailable'],
  }),
  'session.info': defineMethod({
    summary: 'Who this session is, what it may do, and its limits and quotas.',
    requires: 'session',
    params: z.strictObject({}),
    result: z.object({
      app: AppIdentity,
      attestation: Attestation,
      grants: z.array(Grant),
      limits: z.record(z.string(), z.int()),
      quotas: Quotas,
    }),
  }),
};
