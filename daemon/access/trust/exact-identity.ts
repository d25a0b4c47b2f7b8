import { RpcError, type TrustedIdentity } from '@locara/protocol';

// Certificates spell both in ASCII; a `*` would be a pattern to whoever reads it, and is nothing here.
const EXACT = /^[\x21-\x29\x2b-\x7e]{1,2048}$/;

/** Throws InvalidParams unless both are given letter by letter, the issuer as an https URL. */
export function assertExactIdentity({
  identity,
  issuer,
}: Pick<TrustedIdentity, 'identity' | 'issuer'>): void {
  if (!EXACT.test(identity)) {
    throw refuse(
      'exact_identity',
      'Give the identity exactly as its certificates name it: no *, spaces or control characters.',
    );
  }
  if (!EXACT.test(issuer) || !isHttps(issuer)) {
    throw refuse('exact_issuer', 'Give the issuer exactly, as an https URL.');
  }
}

function isHttps(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' && url.username === '' && url.password === '';
}

function refuse(rule: string, message: string): RpcError {
  return new RpcError('InvalidParams', message, { details: { rule } });
}
