import { readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { MANIFEST_FILE } from '@locara/protocol';
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
  readonly signPackage: (folder: string, options: { readonly keyPem: string }) => Promise<Signed>;
  /** Checks a revocation list and writes its bundle beside it, as `<file>.sigstore.json`. */
  readonly signList: (path: string, options: { readonly keyPem: string }) => Promise<Signed>;
}

interface Signed {
  readonly bundlePath: string;
  readonly publicKeyPem: string;
}

/** What is signed: a package, or one of the documents that are signed alone. */
interface Subject {
  readonly path: string;
  readonly kind: 'package' | 'list';
}

/** `locara sign`, which needs no daemon and trusts nothing. */
export function signCommand(signer: PackageSigner): Registration {
  return (program: Command, context: CliContext) => {
    const command = program
      .command('sign')
      .description('sign a package or a revocation list; by default with the development key')
      .argument('<package>', 'the folder with locara.json, or the file of a revocation list')
      .option('--key <pem>', 'a private key: ECDSA P-256 or Ed25519, PKCS#8')
      .action(async (path: string, { key }: { key?: string }) => {
        const subject = await readSubject(resolve(path));
        const sign = key === undefined ? signForDevelopment : signWithKey(resolve(key));
        const { bundle, publicKey } = await sign(signer, subject, context);
        context.print({ bundle, publicKey }, [
          `Signed: ${bundle}`,
          `To use it, trust its key: locara trust add --key ${publicKey} --name <label>${scopeOf(subject, key)}`,
        ]);
      });
    addExample(
      command,
      'locara sign ./notes',
      'locara sign ./notes --key release.pem --json',
      'locara sign ./revocations.json --key list.pem',
    );
  };
}

/** A `.json` file that is no manifest is a list; everything else is a package, or said to be none. */
async function readSubject(path: string): Promise<Subject> {
  const isFile = (await stat(path).catch(() => undefined))?.isFile() === true;
  if (!isFile || !path.endsWith('.json')) return { path, kind: 'package' };
  return basename(path) === MANIFEST_FILE
    ? { path: dirname(path), kind: 'package' }
    : { path, kind: 'list' };
}

function signSubject(
  { signPackage, signList }: PackageSigner,
  { path, kind }: Subject,
  keyPem: string,
): Promise<Signed> {
  return kind === 'list' ? signList(path, { keyPem }) : signPackage(path, { keyPem });
}

function scopeOf({ kind }: Subject, key: string | undefined): string {
  if (kind === 'list') return ' --revocation';
  return key === undefined ? ' --development' : '';
}

type Sign = (
  signer: PackageSigner,
  subject: Subject,
  context: CliContext,
) => Promise<{ readonly bundle: string; readonly publicKey: string }>;

const signForDevelopment: Sign = async (signer, subject, { environment }) => {
  const { developmentKey } = currentPlaces(environment);
  const { keyPem, publicKeyPath } = await signer.loadOrCreateDevelopmentKey(developmentKey);
  const { bundlePath } = await signSubject(signer, subject, keyPem);
  return { bundle: bundlePath, publicKey: publicKeyPath };
};

/** The public half is written beside the private key, as `.pub.pem`. */
function signWithKey(path: string): Sign {
  return async (signer, subject) => {
    const keyPem = await readFile(path, 'utf8').catch(() => {
      throw new CliError('NotFound', 'The key file cannot be read.');
    });
    const { bundlePath, publicKeyPem } = await signSubject(signer, subject, keyPem);
    const publicKey = `${path.replace(/\.pem$/, '')}.pub.pem`;
    await writeFile(publicKey, publicKeyPem).catch(() => {
      throw new CliError('Failed', `Signed, but ${publicKey} cannot be written.`);
    });
    return { bundle: bundlePath, publicKey };
  };
}
