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

/** Overwrites what was taken from a message; anything may be given. */
export function eraseSecretParams(params: unknown): void {
  if (typeof params !== 'object' || params === null) return;
  for (const key of SECRET_PARAMS) {
    const value: unknown = Reflect.get(params, key);
    if (value instanceof Uint8Array) value.fill(0);
  }
}

/** Into as many bytes Node reads a socket at once. */
const READ_BYTES = 64 * 1024;
const READS = 4;

/**
 * Node frees what it read a socket into without overwriting it, once it has copied the few bytes that came. The
 * next to ask for as much memory is lent the same: asked for here, it is overwritten. Nothing promises that, but a
 * test looks for passphrases in the memory of a running daemon.
 */
export function overwriteReadMemory(): void {
  const lent = Array.from({ length: READS }, () => Buffer.allocUnsafeSlow(READ_BYTES));
  for (const bytes of lent) bytes.fill(0);
  // Given back at once, not when somebody tidies up.
  for (const { buffer } of lent) buffer.transfer(0);
}
