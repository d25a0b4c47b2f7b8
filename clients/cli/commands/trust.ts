import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { CliError, EXIT } from '../context.ts';
import type { CliContext } from '../context.ts';
import { formatTable, plain } from '../output.ts';
import { addExample } from './example.ts';
import { registerVerifyBundle } from './trust-verify-bundle.ts';

interface AddOptions {
  readonly name: string;
  readonly key?: string;
  readonly development?: boolean;
  readonly identity?: string;
  readonly issuer?: string;
  readonly root?: string;
}

export function registerTrust(program: Command, context: CliContext): void {
  const trust = program.command('trust').description('whose packages may be installed');
  registerAdd(trust, context);
  const list = trust
    .command('list')
    .description('the keys that are trusted')
    .action(async () => {
      const { keys } = await context.control('trust.list', {});
      const rows = keys.map(({ name, scope, algorithm, hint }) => [name, scope, algorithm, hint]);
      const table = formatTable([['NAME', 'SCOPE', 'ALGORITHM', 'HINT'], ...rows]);
      context.print({ keys }, keys.length === 0 ? 'No key is trusted.' : table);
    });
  addExample(list, 'locara trust list');
  const remove = trust
    .command('remove')
    .description('stop trusting a key; installed apps stay, updates are refused')
    .argument('<key>', 'its name or its hint')
    .action(async (key: string) => {
      const { removed } = await context.control('trust.remove', { key });
      context.print({ removed }, `${plain(removed.name)} is no longer trusted.`);
    });
  addExample(remove, 'locara trust remove "Acme, Inc."');
  registerVerifyBundle(trust, context);
}

function registerAdd(trust: Command, context: CliContext): void {
  const add = trust
    .command('add')
    .description('trust a key: packages it signed may be installed')
    .requiredOption('--name <label>', 'what you call it')
    .option('--key <public pem>', 'the public key')
    .option('--development', 'a development key: its apps are always marked as such')
    .option('--identity <SAN>', 'a keyless identity (not available yet)')
    .option('--issuer <url>', 'who vouches for the identity (not available yet)')
    .option('--root <trusted_root.json>', 'another root of trust (not available yet)')
    .action(async (options: AddOptions) => {
      const publicKeyPem = await readPublicKey(options);
      const scope = options.development === true ? 'development' : 'sideloading';
      const { key } = await context.control('trust.add', {
        name: options.name,
        publicKeyPem,
        scope,
      });
      context.print({ key }, `Packages signed by ${plain(key.name)} may be installed now.`);
    });
  addExample(add, 'locara trust add --key acme.pub.pem --name Acme');
}

async function readPublicKey({ key, identity, issuer, root }: AddOptions): Promise<string> {
  if (identity !== undefined || issuer !== undefined || root !== undefined) {
    const message =
      'Keyless identities (--identity, --issuer, --root) are not supported yet: trust a key with --key.';
    throw new CliError('Unavailable', message, EXIT.refused);
  }
  if (key === undefined) {
    throw new CliError('Usage', 'Name the public key with --key <pem>.', EXIT.usage);
  }
  const pem = await readFile(key, 'utf8').catch(() => {
    throw new CliError('NotFound', 'The key file cannot be read.');
  });
  if (pem.includes('PRIVATE KEY')) {
    const message =
      'That file holds a private key: trust the public half, and keep this one secret.';
    throw new CliError('InvalidParams', message);
  }
  return pem;
}
