import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CliError } from '../context.ts';
import type { CliContext } from '../context.ts';
import type { Registration } from '../frame.ts';
import { currentPlaces } from '../places.ts';
import { addExample } from './example.ts';

/** What `locara sign` is built on. */
export interface PackageSigner {
  /** The development key at `path`, made on first use, with its public half beside it. */
  readonly loadOrCreateDevelopmentKey: (
    path: string,
  ) => Promise<{ readonly keyPem: string; readonly publicKeyPath: string }>;
  /** Writes the bundle beside the manifest. */
  readonly signPackage: (
    folder: string,
    options: { readonly keyPem: string },
  ) => Promise<{ readonly bundlePath: string; readonly publicKeyPem: string }>;
}

/** `locara sign`, which needs no daemon and trusts nothing. */
export function signCommand(signer: PackageSigner): Registration {
  return (program: Command, context: CliContext) => {
    const command = program
      .command('sign')
      .description('sign a package with your key; by default with the development key')
      .argument('<package>', 'the folder with locara.json')
      .option('--key <pem>', 'a private key: ECDSA P-256 or Ed25519, PKCS#8')
      .action(async (path: string, { key }: { key?: string }) => {
        const folder = resolve(path);
        const sign = key === undefined ? signForDevelopment : signWithKey(resolve(key));
        const { bundle, publicKey } = await sign(signer, folder, context);
        const scope = key === undefined ? ' --development' : '';
        context.print({ bundle, publicKey }, [
          `Signed: ${bundle}`,
          `To install it, trust its key: locara trust add --key ${publicKey} --name <label>${scope}`,
        ]);
      });
    addExample(command, 'locara sign ./notes', 'locara sign ./notes --key release.pem --json');
  };
}

type Sign = (
  signer: PackageSigner,
  folder: string,
  context: CliContext,
) => Promise<{ readonly bundle: string; readonly publicKey: string }>;

const signForDevelopment: Sign = async (signer, folder, { environment }) => {
  const { developmentKey } = currentPlaces(environment);
  const { keyPem, publicKeyPath } = await signer.loadOrCreateDevelopmentKey(developmentKey);
  const { bundlePath } = await signer.signPackage(folder, { keyPem });
  return { bundle: bundlePath, publicKey: publicKeyPath };
};

/** The public half is written beside the private key, as `.pub.pem`. */
function signWithKey(path: string): Sign {
  return async (signer, folder) => {
    const keyPem = await readFile(path, 'utf8').catch(() => {
      throw new CliError('NotFound', 'The key file cannot be read.');
    });
    const { bundlePath, publicKeyPem } = await signer.signPackage(folder, { keyPem });
    const publicKey = `${path.replace(/\.pem$/, '')}.pub.pem`;
    await writeFile(publicKey, publicKeyPem).catch(() => {
      throw new CliError('Failed', `Signed, but ${publicKey} cannot be written.`);
    });
    return { bundle: bundlePath, publicKey };
  };
}
