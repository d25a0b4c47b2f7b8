import { type AppManifest, declaredCapabilities } from './app-manifest.ts';
import type { Badge } from './control/app.ts';
import type { TRUST_SCOPES } from './control/trust.ts';
import { isOpenSource } from './licence.ts';

/** What the label is computed from; a model or a tool that is not in its map counts as the worst. */
export interface LabelSubject {
  readonly manifest: AppManifest;
  /** On whose word its signature counts; absent while nobody has looked at one. */
  readonly scope?: (typeof TRUST_SCOPES)[number] | undefined;
  /** By pin: whether the curated catalog has exactly this model. */
  readonly models: ReadonlyMap<string, boolean>;
  /** By id: whether the tool provably cannot reach the network. */
  readonly tools: ReadonlyMap<string, boolean>;
}

/** The badges of an app, computed and never claimed; where it came from is always shown. */
export function privacyLabel(subject: LabelSubject): Badge[] {
  return [
    ...(isFullyLocal(subject) ? [FULLY_LOCAL] : []),
    ...(sendsNothing(subject) ? [NO_TELEMETRY] : []),
    ...(isOpen(subject.manifest) ? [OPEN_SOURCE] : []),
    ...(subject.scope === 'sideloading' ? [SIDELOADED] : []),
    ...(subject.scope === 'development' ? [DEVELOPMENT] : []),
  ];
}

const FULLY_LOCAL: Badge = {
  id: 'fully-local',
  label: 'Fully Local',
  because:
    'It declares no network, all its models are in the curated catalog and none of its tools reaches the network; outside a sandbox the first is its word.',
};
const NO_TELEMETRY: Badge = {
  id: 'no-telemetry',
  label: 'No Telemetry',
  because:
    'Nothing that it declares could carry anything out: no network, no tool that reaches it, no sharing with other apps, no changing of files that you did not pick; outside a sandbox this is its word.',
};
const OPEN_SOURCE: Badge = {
  id: 'open-source',
  label: 'Open Source',
  because:
    'It names its source, and the Open Source Initiative approved every licence that it names; nobody here has compared the two.',
};
const SIDELOADED: Badge = {
  id: 'sideloaded',
  label: 'Sideloaded',
  because: 'It comes from outside any registry: only a signer that you trusted vouches for it.',
};
const DEVELOPMENT: Badge = {
  id: 'development',
  label: 'Development',
  because: 'It was signed for development: nobody but its author has looked at it.',
};

function isFullyLocal({ manifest, models, tools }: LabelSubject): boolean {
  return (
    manifest.capabilities.net === false &&
    manifest.models.every((pin) => models.get(pin) === true) &&
    areNetFree(manifest, tools)
  );
}

/** A shared collection and a folder that a cloud copies are ways out, too. */
function sendsNothing({ manifest, tools }: LabelSubject): boolean {
  const { net, ipc, fs } = manifest.capabilities;
  return (
    net === false &&
    ipc.length === 0 &&
    !Object.values(fs['user-paths'] ?? {}).includes('read-write') &&
    areNetFree(manifest, tools)
  );
}

/** Every tool that it may use now or later. */
function areNetFree(manifest: AppManifest, tools: LabelSubject['tools']): boolean {
  return declaredCapabilities(manifest)
    .filter((capability) => capability.startsWith('tools:'))
    .every((capability) => tools.get(capability.slice('tools:'.length)) === true);
}

function isOpen({ license, repository }: AppManifest): boolean {
  return repository !== undefined && isOpenSource(license);
}
