import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';
import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BUNDLE_FILE, checkManifest, MANIFEST_FILE, STRICT_JSON_LIMITS } from '@locara/protocol';
import { CliError, EXIT } from './context.ts';

export interface SignedPackage {
  /** The bundle that was written. */
  readonly bundlePath: string;
  /** SPKI, what `locara trust add` takes. */
  readonly publicKeyPem: string;
  /** How the bundle names the key: base64 SHA-256 of its SPKI DER. */
  readonly hint: string;
  readonly algorithm: 'ecdsa-p256' | 'ed25519';
}

export interface DevelopmentKey {
  /** PKCS#8. */
  readonly keyPem: string;
  readonly publicKeyPem: string;
  readonly publicKeyPath: string;
}

const READABLE_BY_OTHERS = 0o077;

/** Signs the manifest of a package folder and writes the bundle beside it. It trusts nothing. */
export async function signPackage(
  folder: string,
  options: { readonly keyPem: string },
): Promise<SignedPackage> {
  const key = parseSigningKey(options.keyPem);
  const manifestBytes = await readManifest(join(folder, MANIFEST_FILE));
  const bundlePath = join(folder, BUNDLE_FILE);
  await replaceFile(bundlePath, `${JSON.stringify(createBundle(manifestBytes, key.privateKey))}\n`);
  const { publicKeyPem, hint, algorithm } = key;
  return { bundlePath, publicKeyPem, hint, algorithm };
}

/** A Sigstore v0.3 bundle: a message signature over the raw bytes by a managed key. */
export function createBundle(
  artifact: Uint8Array,
  privateKey: KeyObject,
): Readonly<Record<string, unknown>> {
  const isEd25519 = privateKey.asymmetricKeyType === 'ed25519';
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: hintOf(privateKey) }, tlogEntries: [] },
    messageSignature: {
      messageDigest: {
        algorithm: 'SHA2_256',
        digest: createHash('sha256').update(artifact).digest('base64'),
      },
      signature: sign(isEd25519 ? null : 'sha256', artifact, privateKey).toString('base64'),
    },
  };
}

/** The development key at `path`, made on first use; its public half lies beside it as `.pub.pem`. */
export async function loadOrCreateDevelopmentKey(path: string): Promise<DevelopmentKey> {
  const keyPem = (await readPrivateKey(path)) ?? (await createDevelopmentKey(path));
  const { publicKeyPem } = parseSigningKey(keyPem);
  const publicKeyPath = `${path.replace(/\.pem$/, '')}.pub.pem`;
  await replaceFile(publicKeyPath, publicKeyPem);
  return { keyPem, publicKeyPem, publicKeyPath };
}

/** Whole or not at all; a link at the path is replaced, since a stranger's package may hold one. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, content, { mode: 0o644, flag: 'wx' });
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function readPrivateKey(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if ((found.mode & READABLE_BY_OTHERS) !== 0) {
    throw new CliError(
      'KeyNotPrivate',
      'Other users can read the development key: run `chmod 600` on it, or delete it to get a new one.',
    );
  }
  return readFile(path, 'utf8');
}

/** Makes the key, whole and private from its first moment, unless another process was quicker. */
async function createDevelopmentKey(path: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomUUID()}.tmp`;
  await writeFile(temporary, privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
    flag: 'wx',
    flush: true,
  });
  try {
    await link(temporary, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  return readFile(path, 'utf8');
}

async function readManifest(path: string): Promise<Uint8Array> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true || found.size > STRICT_JSON_LIMITS.maxBytes) {
    throw new CliError(
      'NoManifest',
      `The package folder has no ${MANIFEST_FILE} of at most 256 KiB.`,
    );
  }
  const bytes = await readFile(path);
  const [first] = checkManifest(bytes).errors;
  if (first === undefined) return bytes;
  const where = first.path === '' ? MANIFEST_FILE : `${MANIFEST_FILE}: ${first.path}`;
  throw new CliError('InvalidManifest', `${where}: ${first.rule} (all of it: \`locara verify\`)`);
}

/** Throws CliError for anything but a private key that can sign. */
export function parseSigningKey(
  keyPem: string,
): { readonly privateKey: KeyObject } & Omit<SignedPackage, 'bundlePath'> {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(keyPem);
  } catch {
    throw new CliError('InvalidKey', 'Not a private key in PKCS#8 PEM form.', EXIT.usage);
  }
  return {
    privateKey,
    publicKeyPem: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }),
    hint: hintOf(privateKey),
    algorithm: algorithmOf(privateKey),
  };
}

function algorithmOf(key: KeyObject): SignedPackage['algorithm'] {
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519';
  if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ecdsa-p256';
  throw new CliError('InvalidKey', 'Only ECDSA P-256 and Ed25519 keys can sign.', EXIT.usage);
}

function hintOf(privateKey: KeyObject): string {
  const der = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('base64');
}
