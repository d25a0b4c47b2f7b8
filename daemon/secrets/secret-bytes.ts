/**
 * Zeroed memory for a secret, where erasing reaches all of it: V8 keeps small arrays inside its own heap, and
 * copies them when it tidies up.
 */
export function allocateSecret(bytes: number): Buffer {
  return Buffer.from(new ArrayBuffer(bytes));
}

/** A copy of a secret in such memory. */
export function copySecret(secret: Uint8Array): Buffer {
  const copy = allocateSecret(secret.length);
  copy.set(secret);
  return copy;
}

/** The parameters of calls that are secrets: they are taken from a message as bytes, and erased after the call. */
export const SECRET_PARAMS = ['passphrase', 'newPassphrase'] as const;

/** What of the parameters of a call was taken from its message as bytes; anything may be given. */
export function listSecretParams(params: unknown): Uint8Array[] {
  if (typeof params !== 'object' || params === null) return [];
  return SECRET_PARAMS.map((key): unknown => Reflect.get(params, key)).filter(
    (value) => value instanceof Uint8Array,
  );
}
