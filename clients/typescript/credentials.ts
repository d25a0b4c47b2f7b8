import { readFile } from 'node:fs/promises';
import { ClientError, isRecord } from './errors.ts';

/** What installing an app leaves for it (contract, section 3.4). */
export interface Credentials {
  readonly appId: string;
  /** `sha256:<hex>` of the raw manifest. */
  readonly manifestDigest: string;
  /** PKCS#8 PEM; absent only where the app proves itself through `prove`. */
  readonly installKey?: string;
  /** Raw Ed25519 key in base64: the only daemon this app talks to. */
  readonly daemonPublicKey: string;
  readonly socket: string;
}

const VARIABLE = 'LOCARA_CREDENTIALS';

/** Credentials from the option, else from the file that LOCARA_CREDENTIALS names; `CredentialsMissing` otherwise. */
export async function loadCredentials(
  source: string | Credentials | undefined,
): Promise<Credentials> {
  if (typeof source === 'object') return toCredentials(source);
  const path = source ?? process.env[VARIABLE];
  if (path === undefined || path === '') {
    throw new ClientError(
      'CredentialsMissing',
      `No credentials: set ${VARIABLE} to the file that \`locara app install\` printed, or pass the option \`credentials\`.`,
    );
  }
  return toCredentials(parseJson(await readCredentials(path)));
}

async function readCredentials(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new ClientError(
      'CredentialsMissing',
      'The credentials file cannot be read: is the app installed?',
      cause,
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, and the text holds a private key.
    throw new ClientError('CredentialsMissing', 'The credentials file is not JSON.');
  }
}

function toCredentials(value: unknown): Credentials {
  const fields = isRecord(value) ? value : {};
  const text = (name: string): string => {
    const field = fields[name];
    if (typeof field === 'string' && field !== '') return field;
    throw new ClientError('CredentialsMissing', `The credentials have no \`${name}\`.`);
  };
  return {
    appId: text('appId'),
    manifestDigest: text('manifestDigest'),
    daemonPublicKey: text('daemonPublicKey'),
    socket: text('socket'),
    ...(fields['installKey'] === undefined ? {} : { installKey: text('installKey') }),
  };
}
