import { Entry } from '@napi-rs/keyring';
import { KEYRING_SERVICE, type KeyringAnswer, type KeyringRequest } from './keyring.ts';

/** One request, one answer, and the process ends: a keyring that hangs is killed with it. */
function serveKeyring(host: NodeJS.Process): void {
  host.once('message', (request: KeyringRequest) => {
    host.send?.(answer(request), () => {
      host.disconnect?.();
    });
  });
}

// What the keyring says in its errors stays here: it may name the user's other secrets.
function answer(request: KeyringRequest): KeyringAnswer {
  try {
    return { ok: true, ...run(request) };
  } catch {
    return { ok: false };
  }
}

function run({ op, account, secret }: KeyringRequest): { readonly secret?: Uint8Array } {
  // Without this the kernel's keyring would stand in for a missing Secret Service, and forget at the next boot.
  const entry = new Entry(KEYRING_SERVICE, account, { linux: { store: 'secret-service' } });
  switch (op) {
    case 'get': {
      const found = entry.getSecret();
      return found === null ? {} : { secret: Uint8Array.from(found) };
    }
    case 'set':
      entry.setSecret(secret ?? new Uint8Array());
      return {};
    case 'delete':
      entry.deleteCredential();
      return {};
  }
}

serveKeyring(process);
