import {
  type AppManifest,
  type Badge,
  type ConsentSummary,
  declaredCapabilities,
  describeCapability,
  diffRights,
  isExpansion,
  meetRights,
  rightsOf,
} from '@locara/protocol';
import { digestOfJson } from '../trust/digest.ts';
import type { AppRecord } from './app-registry.ts';
import type { Earlier } from './assert-may-install.ts';
import { digestExpansion } from './plan-install.ts';
import { badgesOf } from './privacy-badges.ts';
import type { VerifiedPackage } from './verify-package.ts';

/** What the catalog knows of a pinned model. */
export interface PinnedModel {
  /** Of all its files, unpacked. */
  readonly bytes: number;
  readonly installed: boolean;
}

export interface ConsentContext {
  /** What the user decided before; then the package is an update. */
  readonly earlier: Earlier | undefined;
  /** What would be replaced. */
  readonly installed: Pick<AppRecord, 'revoked' | 'signer' | 'attestation'> | undefined;
  readonly models: ReadonlyMap<string, PinnedModel>;
  readonly now: Date;
}

/** What the user reads before deciding about a verified package. */
export function summarizeConsent(
  { manifest, ...verified }: VerifiedPackage,
  { earlier, installed, models, now }: ConsentContext,
): ConsentSummary {
  const { appId, signer } = verified;
  const update = earlier === undefined ? undefined : describeUpdate(earlier, { appId, manifest });
  // An update that asks for no more goes straight through: what is true of it was accepted with the one before.
  const isAccepted =
    update?.isExpansion === false &&
    installed?.revoked === false &&
    installed.signer.scope === signer.scope &&
    installed.attestation === verified.attestation;
  const badges = badgesOf({ manifest, signer });
  const summary = {
    appId,
    version: manifest.version,
    displayName: manifest.displayName,
    description: manifest.description,
    author: `${manifest.author.name} <${manifest.author.email}>`,
    license: manifest.license,
    manifestDigest: verified.manifestDigest,
    signer,
    attestation: verified.attestation,
    badges,
    grants: declaredCapabilities(manifest).map((capability) => ({
      capability,
      ...describeCapability(capability),
      optional: manifest.capabilities.optional.includes(capability),
    })),
    models: [...models].map(([model, { bytes, installed }]) => ({ model, bytes, installed })),
    rights: rightsOf(manifest),
    ...(manifest.limits === undefined ? {} : { limits: manifest.limits }),
    risks: [
      ...describeSigningTime(signer, now),
      ...(installed?.revoked === true
        ? ['You revoked this app; installing it allows it again.']
        : []),
      ...(update?.isExpansion === true ? [ASKS_FOR_MORE] : []),
    ],
    ...(update === undefined ? {} : { update }),
  };
  // The same manifest again decides nothing anew: then it does not matter whether another install was first.
  const isSame = earlier?.manifestDigest === verified.manifestDigest;
  const risks = [...describeStandingRisks(badges, manifest), ...summary.risks];
  const decisive = isSame ? { ...summary, risks, update: undefined } : { ...summary, risks };
  const consentDigest = digestConsent(decisive);
  return isAccepted ? { ...summary, consentDigest } : { ...summary, risks, consentDigest };
}

/** Of everything that would make the user decide otherwise. */
function digestConsent(summary: Omit<ConsentSummary, 'consentDigest'>): string {
  const { manifestDigest, signer, attestation, risks, update } = summary;
  const decisive = [manifestDigest, signer, attestation, risks, update ?? 'first install'];
  return digestOfJson(decisive);
}

function describeUpdate(
  { approved, version }: Earlier,
  { appId, manifest }: { readonly appId: string; readonly manifest: AppManifest },
): NonNullable<ConsentSummary['update']> {
  const asked = rightsOf(manifest);
  const diff = diffRights(approved, asked);
  return {
    fromVersion: version,
    diff,
    // As it will be once this is installed: what the update gives up is approved no longer.
    diffDigest: digestExpansion(appId, meetRights(approved, asked), asked),
    isExpansion: isExpansion(diff),
  };
}

const ASKS_FOR_MORE =
  'This update asks for more than before: that waits for a cool-down and for your consent.';
const DAY_MS = 24 * 60 * 60 * 1000;

function describeSigningTime({ signedAt }: VerifiedPackage['signer'], now: Date): string[] {
  if (signedAt === undefined || Date.parse(signedAt) - now.getTime() <= DAY_MS) return [];
  return [
    `It says it was signed at ${signedAt}, which has not come yet by the clock of this computer: one of the two is wrong.`,
  ];
}

/** What stays true of the app for as long as it is installed. */
function describeStandingRisks(badges: readonly Badge[], manifest: AppManifest): string[] {
  return [...describeOrigin(badges), NOT_CONFINED, ...describeAccessRisks(manifest)];
}

/** That nobody but the user vouches for it is a risk, in the words of its badge. */
const ORIGINS: readonly Badge['id'][] = ['sideloaded', 'development'];

function describeOrigin(badges: readonly Badge[]): string[] {
  return badges.filter(({ id }) => ORIGINS.includes(id)).map(({ because }) => because);
}

/** True of every app so far: no attestation that an install gives today means a sandbox. */
const NOT_CONFINED =
  'It runs outside a sandbox, as any program you start: what it declares about network, files and devices is its word, and Locara does not enforce it.';

/** In the words of a request: Locara itself neither opens nor closes these doors. */
function describeAccessRisks({ capabilities }: AppManifest): string[] {
  const { net, fs, device, background, ipc } = capabilities;
  const paths = Object.entries(fs['user-paths'] ?? {});
  const devices = Object.keys(device).filter((name) => device[name]);
  return [
    ...(net === true ? ['It asks to reach every host on the network.'] : []),
    ...(typeof net === 'object' ? [`It asks to reach these hosts: ${describeHosts(net)}.`] : []),
    ...paths.map(([path, access]) => `It asks to ${toVerb(access)} the files in “${path}”.`),
    ...(fs['user-selected'] === 'read-write' ? ['It asks to change the files you pick.'] : []),
    ...(devices.length > 0 ? [`It asks to use: ${devices.join(', ')}.`] : []),
    ...(ipc.length > 0 ? [`It shares data with other apps: ${describeSharing(ipc)}.`] : []),
    ...describeBackground(background),
  ];
}

function describeSharing(ipc: AppManifest['capabilities']['ipc']): string {
  return ipc.map(({ app, collection }) => `“${collection}” with ${app}`).join(', ');
}

type Declared = AppManifest['capabilities'];

function describeHosts({
  allowed_hosts: hosts,
  allowed_ports: ports,
}: Exclude<Declared['net'], boolean>): string {
  return `${hosts.join(', ')}${ports === undefined ? '' : ` (ports ${ports.join(', ')})`}`;
}

function describeBackground(background: Declared['background']): string[] {
  const { mode, reasons = [] } =
    typeof background === 'boolean' ? { mode: background && ('active' as const) } : background;
  if (mode === false) return [];
  const why = reasons.length === 0 ? '' : ` It says why: ${reasons.map(quote).join('; ')}.`;
  return [
    mode === 'active'
      ? `It asks to work in the background.${why}`
      : `It asks to stay in the background, waiting.${why}`,
  ];
}

/** The app's own words, so that nobody takes them for Locara's: nothing in them ends the quotation. */
function quote(words: string): string {
  return `“${words.replaceAll(/[“”„‟"]/g, "'")}”`;
}

function toVerb(access: 'read' | 'read-write'): string {
  return access === 'read' ? 'read' : 'read and change';
}
