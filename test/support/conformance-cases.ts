import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SignerRequirement } from '../../daemon/workers/verify/ops.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
export const CONFORMANCE_FOLDER = join(FIXTURES, 'sigstore');
const DEFAULT_IDENTITY =
  'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main';
const DEFAULT_ISSUER = 'https://token.actions.githubusercontent.com';

/** One folder of the suite, as its README defines it. */
export interface ConformanceCase {
  readonly name: string;
  readonly mustHold: boolean;
  readonly bundleBytes: Buffer;
  readonly artifactPath: string;
  readonly signer: SignerRequirement;
  /** The same as arguments of the suite's client protocol. */
  readonly argv: readonly string[];
}

export function readConformanceCases(publicGoodRoot: string): ConformanceCase[] {
  return readdirSync(CONFORMANCE_FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => readCase(name, publicGoodRoot));
}

function readCase(name: string, publicGoodRoot: string): ConformanceCase {
  const folder = join(CONFORMANCE_FOLDER, name);
  const path = (file: string): string | undefined =>
    existsSync(join(folder, file)) ? join(folder, file) : undefined;
  const read = (file: string): string | undefined => {
    const found = path(file);
    return found === undefined ? undefined : readFileSync(found, 'utf8');
  };
  const trustedRoot = read('trusted_root.json') ?? publicGoodRoot;
  const publicKeyPem = read('key.pub');
  const identity = read('identity')?.trim() ?? DEFAULT_IDENTITY;
  const issuer = read('issuer')?.trim() ?? DEFAULT_ISSUER;
  const artifactPath = path('artifact') ?? join(CONFORMANCE_FOLDER, 'a.txt');
  const [root, key] = [path('trusted_root.json'), path('key.pub')];
  return {
    name,
    mustHold: !name.endsWith('_fail'),
    bundleBytes: readFileSync(join(folder, 'bundle.sigstore.json')),
    artifactPath,
    signer:
      publicKeyPem === undefined
        ? { identity, issuer, trustedRoot }
        : { publicKeyPem, trustedRoot },
    argv: [
      ...['--bundle', join(folder, 'bundle.sigstore.json')],
      ...(key === undefined
        ? ['--certificate-identity', identity, '--certificate-oidc-issuer', issuer]
        : ['--key', key]),
      ...(root === undefined ? [] : ['--trusted-root', root]),
      artifactPath,
    ],
  };
}
