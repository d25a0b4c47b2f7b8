import {
  appIdOf,
  Attestation,
  Base64,
  checkManifest,
  Digest,
  Grant,
  parseUnknown,
  Rights,
  Signer,
} from '@locara/protocol';
import * as z from 'zod';
import { digestOf, digestOfJson } from '../trust/digest.ts';
import type { AppRecord, FormerApp } from './app-registry.ts';

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

/**
 * Of everything else in the file: a damaged byte or a careless edit disables the app. A program of the same
 * user that is set on it can compute it too, as it can read every key of this user's.
 */
const Checksum = Digest;

/** app.json: the record with the signed manifest's own text in it, so that one rename commits both. */
const StoredRecord = z.strictObject({
  version: z.literal(1),
  checksum: Checksum,
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

/** former.json: what an uninstalled app left, beside its data. */
const StoredFormer = z.strictObject({
  version: z.literal(1),
  checksum: Checksum,
  signer: z.strictObject({ id: z.string().min(1), words: z.string() }),
  appVersion: z.string().min(1),
  standing: z
    .strictObject({
      manifestDigest: Digest,
      asked: Rights,
      approved: Rights,
      grants: z.array(StoredDecision),
      expansion: StoredExpansion.optional(),
    })
    .optional(),
});

/** The text of app.json. The manifest must be the valid UTF-8 that checkManifest accepted. */
export function renderRecord(record: AppRecord, manifestBytes: Uint8Array): string {
  const stored: Omit<z.input<typeof StoredRecord>, 'checksum'> = {
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
  return renderChecked(stored);
}

/** Reads app.json back; undefined unless all of it agrees: checksum, digest, manifest, and the id of its folder. */
export function parseRecord(
  text: string,
  appId: string,
): { readonly record: AppRecord; readonly manifestBytes: Uint8Array } | undefined {
  const parsed = parseUnknown(StoredRecord, parseJson(text));
  if (!parsed.success || !isChecked(parsed.data)) return undefined;
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

/** The text of former.json. */
export function renderFormer({ signer, version, standing }: FormerApp): string {
  const stored: Omit<z.input<typeof StoredFormer>, 'checksum'> = {
    version: 1,
    signer,
    appVersion: version,
    standing: standing && { ...standing, grants: [...standing.grants] },
  };
  return renderChecked(stored);
}

/** Reads former.json back; undefined unless it agrees with its checksum. */
export function parseFormer(text: string, appId: string): FormerApp | undefined {
  const parsed = parseUnknown(StoredFormer, parseJson(text));
  if (!parsed.success || !isChecked(parsed.data)) return undefined;
  const { signer, appVersion, standing } = parsed.data;
  return { appId, signer, version: appVersion, standing };
}

function renderChecked(stored: object): string {
  return `${JSON.stringify({ checksum: digestOfJson(stored), ...stored }, null, 2)}\n`;
}

function isChecked({ checksum, ...stored }: { readonly checksum: string }): boolean {
  return digestOfJson(stored) === checksum;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
