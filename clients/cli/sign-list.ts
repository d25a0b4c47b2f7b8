import { readFile, stat } from 'node:fs/promises';
import { checkRevocationList, REVOCATION_LIST_LIMITS } from '@locara/protocol';
import { CliError } from './context.ts';
import { createBundle, parseSigningKey, replaceFile, type SignedPackage } from './sign-package.ts';

/** Signs a revocation list and writes the bundle beside it, as `<file>.sigstore.json`. It trusts nothing. */
export async function signList(
  path: string,
  options: { readonly keyPem: string },
): Promise<SignedPackage> {
  const { privateKey, publicKeyPem, hint, algorithm } = parseSigningKey(options.keyPem);
  const bundle = createBundle(await readList(path), privateKey);
  const bundlePath = `${path}.sigstore.json`;
  await replaceFile(bundlePath, `${JSON.stringify(bundle)}\n`);
  return { bundlePath, publicKeyPem, hint, algorithm };
}

async function readList(path: string): Promise<Uint8Array> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true || found.size > REVOCATION_LIST_LIMITS.maxBytes) {
    throw new CliError('NoList', 'There is no revocation list of at most 4 MiB at that path.');
  }
  const bytes = await readFile(path);
  const [first] = checkRevocationList(bytes).errors;
  if (first === undefined) return bytes;
  const where = first.path === '' ? 'The file' : first.path;
  throw new CliError('InvalidList', `Not a revocation list. ${where}: ${first.rule}.`);
}
