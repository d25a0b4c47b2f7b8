import { createHash } from 'node:crypto';
import {
  appIdOf,
  Attestation,
  Base64,
  checkManifest,
  Digest,
  Grant,
  Rights,
  Signer,
} from '@locara/protocol';
import * as z from 'zod';
import type { AppRecord } from './app-registry.ts';

const StoredDecision = z.strictObject({
  ...Grant.shape,
  decidedAt: z.iso.datetime().optional(),
  decidedBy: z.enum(['install', 'consent', 'revoke']).optional(),
  requestedAt: z.iso.datetime().optional(),
});
const StoredExpansion = z.strictObject({
  diffDigest: Digest,
  fromVersion: z.string(),
  signedAt: z.iso.datetime().optional(),
  firstSeenAt: z.iso.datetime(),
  waited: z.strictObject({
    elapsedMs: z.number().min(0),
    bootId: z.string(),
    bootMs: z.number().min(0),
  }),
});

/** app.json: the record with the signed manifest's own text in it, so that one rename commits both. */
const StoredRecord = z.strictObject({
  version: z.literal(1),
  manifestText: z.string(),
  installPublicKey: Base64.length(44),
  app: z.strictObject({
    appId: z.string(),
    manifestDigest: Digest,
    attestation: Attestation,
    signer: z.strictObject(Signer.shape),
    installedAt: z.iso.datetime(),
    revoked: z.boolean(),
    grants: z.array(StoredDecision),
    approved: Rights,
    expansion: StoredExpansion.optional(),
  }),
});

/** The text of app.json. The manifest must be the valid UTF-8 that checkManifest accepted. */
export function renderRecord(record: AppRecord, manifestBytes: Uint8Array): string {
  const stored: z.input<typeof StoredRecord> = {
    version: 1,
    manifestText: Buffer.from(manifestBytes).toString('utf8'),
    installPublicKey: Buffer.from(record.installPublicKey).toString('base64'),
    app: {
      appId: record.appId,
      manifestDigest: record.manifestDigest,
      attestation: record.attestation,
      signer: record.signer,
      installedAt: record.installedAt,
      revoked: record.revoked,
      grants: [...record.grants],
      approved: record.approved,
      expansion: record.expansion,
    },
  };
  return `${JSON.stringify(stored, null, 2)}\n`;
}

/** Reads app.json back; undefined unless all of it agrees: digest, manifest, and the id of its folder. */
export function parseRecord(
  text: string,
  appId: string,
): { readonly record: AppRecord; readonly manifestBytes: Uint8Array } | undefined {
  const parsed = StoredRecord.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { manifestText, installPublicKey, app } = parsed.data;
  const manifestBytes = Buffer.from(manifestText, 'utf8');
  const { manifest } = checkManifest(manifestBytes);
  if (manifest === undefined || appIdOf(manifest) !== appId || app.appId !== appId) {
    return undefined;
  }
  if (digestOf(manifestBytes) !== app.manifestDigest) return undefined;
  const key = Buffer.from(installPublicKey, 'base64');
  return { record: { ...app, manifest, installPublicKey: key }, manifestBytes };
}

/** `sha256:<hex>` of raw bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
