import type { Argon2Parameters } from '@locara/protocol';

/** A passphrase's hash as `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. */
export interface PhcHash {
  readonly kdf: Argon2Parameters;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

const HASH_BYTES = 32;
const SALT_BYTES = { min: 8, max: 64 };

const NUMBER = '([1-9][0-9]{0,9})';
const BYTES = '([A-Za-z0-9+/]+)';
const PHC = new RegExp(
  `^\\$argon2id\\$v=19\\$m=${NUMBER},t=${NUMBER},p=${NUMBER}\\$${BYTES}\\$${BYTES}$`,
);

export function renderPhc({ kdf: { memoryKib, passes, lanes }, salt, hash }: PhcHash): string {
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$${trim(salt)}$${trim(hash)}`;
}

/** Undefined for anything but such a hash of 32 bytes, written in the one way there is. */
export function parsePhc(text: string): PhcHash | undefined {
  const [, memory, passes, lanes, salt = '', hash = ''] = PHC.exec(text) ?? [];
  const parsed: PhcHash = {
    kdf: {
      name: 'argon2id',
      memoryKib: Number(memory),
      passes: Number(passes),
      lanes: Number(lanes),
    },
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
  const { length } = parsed.salt;
  if (length < SALT_BYTES.min || length > SALT_BYTES.max) return undefined;
  if (parsed.hash.length !== HASH_BYTES) return undefined;
  return renderPhc(parsed) === text ? parsed : undefined;
}

function trim(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
