import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { RpcError, type TrustedKey } from '@locara/protocol';

/** A public key whose signatures the user may trust. */
export interface ManagedKey {
  readonly publicKey: KeyObject;
  readonly algorithm: TrustedKey['algorithm'];
  /** Base64 SHA-256 of the SPKI DER: how a bundle names the key. */
  readonly hint: string;
}

const ONE_PUBLIC_KEY =
  /^\s*-----BEGIN PUBLIC KEY-----\r?\n[A-Za-z0-9+/=\r\n]+-----END PUBLIC KEY-----\s*$/;

/** Reads one SPKI PEM; throws InvalidParams for anything but an ECDSA P-256 or Ed25519 public key. */
export function parseManagedKey(pem: string): ManagedKey {
  if (pem.includes('PRIVATE KEY')) {
    throw refuseKey('private_key', 'That is a private key; give its public half.');
  }
  if (!ONE_PUBLIC_KEY.test(pem)) throw refuseKey('spki_pem', 'Not one public key in PEM form.');
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey(pem);
  } catch {
    throw refuseKey('spki_pem', 'Not a public key that can be read.');
  }
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return {
    publicKey,
    algorithm: algorithmOf(publicKey),
    hint: createHash('sha256').update(der).digest('base64'),
  };
}

function algorithmOf(key: KeyObject): TrustedKey['algorithm'] {
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519';
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === 'ec' && curve === 'prime256v1') return 'ecdsa-p256';
  throw refuseKey('key_algorithm', 'Only ECDSA P-256 and Ed25519 keys can be trusted.');
}

function refuseKey(rule: string, message: string): RpcError {
  return new RpcError('InvalidParams', message, { details: { rule } });
}
