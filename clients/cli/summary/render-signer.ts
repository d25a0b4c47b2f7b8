import type { Attestation, Provenance, Signer } from '@locara/protocol';
import { formatTime, plain } from '../output.ts';

/** Who signed an app, and how well a running one proves to be it. */
export interface SignedBy {
  readonly words: string;
  readonly scope: Signer['scope'];
  readonly signedAt?: string | undefined;
  readonly provenance?: Provenance | undefined;
  readonly attestation: Attestation;
}

const SCOPES: Readonly<Record<Signer['scope'], string>> = {
  sideloading: 'sideloaded: nobody but you vouches for it',
  development: 'development: for trying out apps of your own',
  revocation: 'for revocation lists alone',
};

const ATTESTATIONS: Readonly<Record<Attestation, string>> = {
  'os-code-identity': 'the operating system says which app it is',
  'daemon-launched-sandbox': 'the daemon starts it itself, in a sandbox',
  'install-key': 'it proves who it is by a key that other programs of yours can read',
  development: 'a development app, whatever else it proves',
};

/** Who signed it, when that was logged, where it was built. */
export function renderSigner({
  words,
  scope,
  signedAt,
  provenance,
  attestation,
}: SignedBy): string[] {
  return [
    `Signed by ${plain(words)} (${SCOPES[scope]})`,
    ...renderOrigin(signedAt, provenance),
    `  Attestation ${attestation}: ${ATTESTATIONS[attestation]}.`,
  ];
}

function renderOrigin(
  signedAt: SignedBy['signedAt'],
  provenance: SignedBy['provenance'],
): string[] {
  if (signedAt === undefined && provenance === undefined) {
    return ['  No log says when it was signed, and nothing where it was built.'];
  }
  return [
    signedAt === undefined
      ? '  No log says when it was signed.'
      : `  Logged ${formatTime(signedAt)}.`,
    ...(provenance === undefined
      ? ['  Nothing says where it was built.']
      : renderProvenance(provenance)),
  ];
}

const GITHUB_ACTIONS = 'https://token.actions.githubusercontent.com';

function renderProvenance(provenance: Provenance): string[] {
  const { issuer, identity, sourceRepository, buildUrl, runnerEnvironment } = provenance;
  if (issuer !== GITHUB_ACTIONS || sourceRepository === undefined) {
    return [`  Signed as ${plain(identity)}, for whom ${plain(issuer)} vouches.`];
  }
  const { sourceCommit, sourceRef } = provenance;
  const facts = [
    sourceCommit === undefined ? [] : [`at commit ${plain(sourceCommit.slice(0, 12))}`],
    sourceRef === undefined ? [] : [`(${describeRef(sourceRef)})`],
  ].flat();
  const from = ['from', withoutScheme(sourceRepository), ...facts].join(' ');
  const isForeign = runnerEnvironment !== undefined && runnerEnvironment !== 'github-hosted';
  return [
    `  Built by GitHub Actions ${from}, workflow ${describeWorkflow(identity, sourceRepository)}.`,
    ...(isForeign
      ? [`  It ran on a machine that is not GitHub’s: ${plain(runnerEnvironment)}.`]
      : []),
    ...(buildUrl === undefined ? [] : [`  The build: ${plain(buildUrl)}`]),
  ];
}

function describeRef(ref: string): string {
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
  if (kind === undefined || name === undefined) return plain(ref);
  return `${kind === 'tags' ? 'tag' : 'branch'} ${plain(name)}`;
}

/** A workflow of the same repository by its file; another’s in full. */
function describeWorkflow(identity: string, repository: string): string {
  const isOwn = identity.startsWith(`${repository}/`);
  return isOwn ? plain(identity.slice(repository.length + 1)) : withoutScheme(identity);
}

function withoutScheme(url: string): string {
  return plain(url.replace(/^https:\/\//, ''));
}
