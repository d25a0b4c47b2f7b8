import { readFile } from 'node:fs/promises';
import { describeTrust, type TrustedKey } from '@locara/protocol';
import type { Command } from 'commander';
import { CliError, EXIT } from '../context.ts';
import type { CliContext } from '../context.ts';
import { plain } from '../output.ts';
import { addExample } from './example.ts';

interface AddOptions {
  readonly name: string;
  readonly key?: string;
  readonly identity?: string;
  readonly issuer?: string;
  readonly root?: string;
  readonly repositoryId?: string;
  readonly ownerId?: string;
  readonly development?: boolean;
  readonly revocation?: boolean;
  readonly publisher?: string;
  readonly yes?: boolean;
}

const EXAMPLES = [
  'locara trust add --key acme.pub.pem --name Acme --publisher acme',
  'locara trust add --identity https://github.com/acme/notes/.github/workflows/release.yml@refs/tags/v1 --issuer https://token.actions.githubusercontent.com --name Acme',
];

export function registerTrustAdd(trust: Command, context: CliContext): void {
  const add = trust
    .command('add')
    .description('trust a key, or a Sigstore identity: what it signed may be installed')
    .requiredOption('--name <label>', 'what you call it')
    .option('--key <public pem>', 'the public key')
    .option('--identity <SAN>', 'a Sigstore identity, exactly as its certificates name it')
    .option('--issuer <url>', 'who vouches for the identity, exactly')
    .option('--root <trusted_root.json>', 'another Sigstore instance than the public-good one')
    .option('--repository-id <number>', 'only from the source repository of this number')
    .option('--owner-id <number>', 'only from repositories of the owner of this number')
    .option('--publisher <publisher>', 'only apps of this publisher')
    .option('--development', 'for development: its apps are always marked as such')
    .option('--revocation', 'for revocation lists, and for nothing else')
    .option('--yes', 'do not ask')
    .action(async (options: AddOptions) => {
      await (options.key === undefined ? addIdentity : addKey)(context, options);
    });
  addExample(add, ...EXAMPLES);
}

async function addKey(context: CliContext, options: AddOptions): Promise<void> {
  const { identity, issuer, root, repositoryId, ownerId } = options;
  if ([identity, issuer, root, repositoryId, ownerId].some((option) => option !== undefined)) {
    throw usage('Give either --key, or --identity and --issuer with what belongs to them.');
  }
  const publicKeyPem = await readPublicKey(options.key ?? '');
  const shared = readShared(options);
  await confirmTrust(context, 'key', options);
  const answer = await context.control('trust.add', { ...shared, publicKeyPem });
  context.print(answer, `The key “${plain(answer.key.name)}” is trusted now.`);
}

async function addIdentity(context: CliContext, options: AddOptions): Promise<void> {
  const { identity, issuer, root, repositoryId, ownerId } = options;
  // An empty one says as little as none; often it is a shell variable that was not set.
  if (!identity || !issuer) {
    throw usage(
      'Name the public key with --key <pem>, or an identity with --identity and --issuer.',
    );
  }
  const trustedRoot = root === undefined ? undefined : await readText(root, 'trusted root');
  const shared = readShared(options);
  await confirmTrust(context, 'identity', options);
  const answer = await context.control('trust.addIdentity', {
    ...shared,
    identity,
    issuer,
    ...(trustedRoot === undefined ? {} : { trustedRoot }),
    ...(repositoryId === undefined ? {} : { sourceRepositoryId: repositoryId }),
    ...(ownerId === undefined ? {} : { sourceRepositoryOwnerId: ownerId }),
  });
  context.print(answer, `The identity “${plain(answer.identity.name)}” is trusted now.`);
}

function readShared(options: AddOptions): {
  readonly name: string;
  readonly scope: TrustedKey['scope'];
  readonly publisher?: string;
} {
  const { name, publisher } = options;
  return { name, scope: readScope(options), ...(publisher === undefined ? {} : { publisher }) };
}

function readScope({ development, revocation }: AddOptions): TrustedKey['scope'] {
  if (development === true && revocation === true) {
    throw usage('Give --development or --revocation: nobody is trusted for both.');
  }
  if (development === true) return 'development';
  return revocation === true ? 'revocation' : 'sideloading';
}

/** Says what it means; on a terminal the user confirms it, a script has decided already. */
async function confirmTrust(
  context: CliContext,
  kind: 'key' | 'identity',
  options: AddOptions,
): Promise<void> {
  const { name, publisher, yes = false } = options;
  context.note(plain(describeTrust({ name, kind, scope: readScope(options), publisher })));
  if (yes || !context.canAsk || (await context.confirm('Trust it?'))) return;
  throw new CliError('ConsentRefused', 'Nothing was added.', EXIT.refused);
}

async function readPublicKey(path: string): Promise<string> {
  const pem = await readText(path, 'key');
  if (pem.includes('PRIVATE KEY')) {
    const message =
      'That file holds a private key: trust the public half, and keep this one secret.';
    throw new CliError('InvalidParams', message);
  }
  return pem;
}

function readText(path: string, what: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => {
    throw new CliError('NotFound', `The ${what} file cannot be read.`);
  });
}

function usage(message: string): CliError {
  return new CliError('Usage', message, EXIT.usage);
}
