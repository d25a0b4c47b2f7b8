import {
  type AppManifest,
  type ConsentSummary,
  declaredCapabilities,
  describeCapability,
} from '@locara/protocol';
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
  return {
    appId: verified.appId,
    version: manifest.version,
    displayName: manifest.displayName,
    description: manifest.description,
    author: `${manifest.author.name} <${manifest.author.email}>`,
    license: manifest.license,
    manifestDigest: verified.manifestDigest,
    signer: verified.signer,
    attestation: verified.attestation,
    grants: declaredCapabilities(manifest).map((capability) => ({
      capability,
      ...describeCapability(capability),
      optional: manifest.capabilities.optional.includes(capability),
    })),
    models: [...models].map(([model, { bytes, installed }]) => ({ model, bytes, installed })),
    risks: [
      describeTrustRisk(verified.scope),
      NOT_CONFINED,
      ...describeAccessRisks(manifest),
      ...describeUpdateRisks(installed, update),
    ],
    ...(update === undefined ? {} : { update }),
  };
}

function describeUpdate(
  { manifest: before }: AppRecord,
  manifest: AppManifest,
): NonNullable<ConsentSummary['update']> {
  const had = declaredCapabilities(before);
  const has = declaredCapabilities(manifest);
  return {
    fromVersion: before.version,
    added: has.filter((capability) => !had.includes(capability)),
    removed: had.filter((capability) => !has.includes(capability)),
  };
}

function describeTrustRisk(scope: VerifiedPackage['scope']): string {
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
    ...(update !== undefined && update.added.length > 0
      ? [`This update asks for more than before: ${update.added.join(', ')}.`]
      : []),
  ];
}
