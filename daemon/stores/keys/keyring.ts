/**
 * The user's own store of secrets: the Keychain of macOS, the Secret Service of a Linux desktop. Every call may
 * throw Unavailable (`keyring_unreachable`), and none waits for ever.
 */
export interface Keyring {
  /** Undefined when there is no such secret. */
  get(account: string): Promise<Uint8Array | undefined>;
  set(account: string, secret: Uint8Array): Promise<void>;
  /** No error when there is none. */
  delete(account: string): Promise<void>;
}

export interface KeyringRequest {
  readonly op: 'get' | 'set' | 'delete';
  readonly account: string;
  readonly secret?: Uint8Array;
}

export type KeyringAnswer =
  { readonly ok: true; readonly secret?: Uint8Array } | { readonly ok: false };

/** As the keyring's own window names the owner of the secret. */
export const KEYRING_SERVICE = 'app.locara';
