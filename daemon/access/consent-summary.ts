import {
  type AppManifest,
  canonicalJson,
  type ConsentSummary,
  declaredCapabilities,
  describeCapability,
  diffRights,
  isExpansion,
  rightsOf,
} from '@locara/protocol';
import { digestOf } from './app-record-file.ts';
import type { AppRecord } from './app-registry.ts';
import type { VerifiedPackage } from './verify-package.ts';

/** What the catalog knows of a pinned model. */
export interface PinnedModel {
  /** Of all its files, unpacked. */
  readonly bytes: number;
  readonly installed: boolean;
}

/** What the user reads before deciding about a verified package. */
export function summarizeConsent(
  { manifest, ...verified }: VerifiedPackage,
  context: {
    readonly installed: AppRecord | undefined;
    readonly models: ReadonlyMap<string, PinnedModel>;
  },
): ConsentSummary {
  const { installed, models } = context;
  const update = installed === undefined ? undefined : describeUpdate(installed, manifest);
  const summary = {
    appId: verified.appId,
    version: manifest.version,
    displayName: manifest.displayName,
    description: manifest.description,
    author: `${manifest.author.name} <${manifest.author.email}>`,
    license: manifest.license,
    manifestDigest: verified.manifestDigest,
    signer: verified.signer,
    attestation: verified.attestation,
    badges: [],
    grants: declaredCapabilities(manifest).map((capability) => ({
      capability,
      ...describeCapability(capability),
      optional: manifest.capabilities.optional.includes(capability),
    })),
    models: [...models].map(([model, { bytes, installed }]) => ({ model, bytes, installed })),
    rights: rightsOf(manifest),
    risks: [
      describeTrustRisk(verified.signer),
      NOT_CONFINED,
      ...describeAccessRisks(manifest),
      ...describeUpdateRisks(installed, update),
    ],
    ...(update === undefined ? {} : { update }),
  };
  const decisive = [
    summary.manifestDigest,
    summary.signer,
    summary.risks,
    update?.diffDigest ?? '',
  ];
  return { ...summary, consentDigest: digestOf(Buffer.from(canonicalJson(decisive))) };
}

function describeUpdate(
  { appId, manifest: before, approved }: AppRecord,
  manifest: AppManifest,
): NonNullable<ConsentSummary['update']> {
  const diff = diffRights(approved, rightsOf(manifest));
  return {
    fromVersion: before.version,
    diff,
    diffDigest: digestOf(Buffer.from(canonicalJson([appId, diff]))),
    isExpansion: isExpansion(diff),
  };
}

function describeTrustRisk({ scope }: VerifiedPackage['signer']): string {
  return scope === 'development'
    ? 'It was signed with a development key: nobody but its author has looked at it.'
    : 'It comes from outside any registry: only the key that you trusted vouches for it.';
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
    ...(ipc.length > 0 ? ['It asks to talk to other programs; Locara offers no way to yet.'] : []),
    ...describeBackground(background),
  ];
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
  const why = reasons.length === 0 ? '' : ` It says why: ${reasons.join('; ')}.`;
  return [
    mode === 'active'
      ? `It asks to work in the background.${why}`
      : `It asks to stay in the background, waiting.${why}`,
  ];
}

function toVerb(access: 'read' | 'read-write'): string {
  return access === 'read' ? 'read' : 'read and change';
}

function describeUpdateRisks(
  installed: AppRecord | undefined,
  update: ConsentSummary['update'],
): string[] {
  return [
    ...(installed?.revoked === true
      ? ['You revoked this app; installing it allows it again.']
      : []),
    ...(update?.isExpansion === true
      ? ['This update asks for more than before: that waits for a cool-down and for your consent.']
      : []),
  ];
}
