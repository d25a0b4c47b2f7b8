import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CliError } from '../context.ts';
import type { CliContext } from '../context.ts';
import type { Registration } from '../frame.ts';
import { currentPlaces } from '../places.ts';
import { addExample } from './example.ts';

/** What `locara sign` is built on. */
export interface PackageSigner {
  /** The private key of this computer's developer as PKCS#8 PEM, created (0600) when absent. */
  loadOrCreateDevelopmentKey(path: string): string | Promise<string>;
  /** Writes the bundle beside the manifest; the answer has the paths of the bundle and the public key. */
  signPackage(
    folder: string,
    options: { readonly keyPem: string },
  ): SignedPackage | Promise<SignedPackage>;
}

export interface SignedPackage {
  readonly bundle: string;
  readonly publicKey: string;
}

/** `locara sign`, which needs no daemon and trusts nothing. */
export function signCommand(signer: PackageSigner): Registration {
  return (program: Command, context: CliContext) => {
    const command = program
      .command('sign')
      .description('sign a package with your key; by default with the development key')
      .argument('<package>', 'the folder with locara.json')
      .option('--key <pem>', 'a private key: ECDSA P-256 or Ed25519, PKCS#8')
      .action(async (folder: string, { key }: { key?: string }) => {
        const keyPem = await loadKey(signer, context, key);
        const { bundle, publicKey } = await signer.signPackage(resolve(folder), { keyPem });
        context.print({ bundle, publicKey }, [
          `Signed: ${bundle}`,
          `To install it somewhere, trust its key there: locara trust add --key ${publicKey} --name <label>`,
        ]);
      });
    addExample(command, 'locara sign ./notes', 'locara sign ./notes --key release.pem --json');
  };
}

async function loadKey(
  signer: PackageSigner,
  { environment }: CliContext,
  path: string | undefined,
): Promise<string> {
  if (path === undefined) {
    return await signer.loadOrCreateDevelopmentKey(currentPlaces(environment).developmentKey);
  }
  return await readFile(path, 'utf8').catch(() => {
    throw new CliError('NotFound', 'The key file cannot be read.');
  });
}
