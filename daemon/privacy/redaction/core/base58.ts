import { createHash } from 'node:crypto';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const ADDRESS_BYTES = 25;
/** Bitcoin (main and test), Litecoin, Dogecoin, Tron: what stands before the hash of a key or script. */
const VERSIONS = new Set([0x00, 0x05, 0x6f, 0xc4, 0x30, 0x32, 0x1e, 0x16, 0x41]);

/** Base58Check: version, twenty bytes, and the first four of their double SHA-256. */
export function isBitcoinAddress(address: string): boolean {
  const bytes = decodeBase58(address);
  if (bytes === undefined || !VERSIONS.has(bytes[0] ?? -1)) return false;
  const checksum = sha256(sha256(bytes.subarray(0, -4)));
  return bytes.subarray(-4).every((byte, at) => byte === checksum[at]);
}

function decodeBase58(address: string): Uint8Array | undefined {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  for (const character of address) {
    let carry = ALPHABET.indexOf(character);
    if (carry < 0) return undefined;
    for (let at = ADDRESS_BYTES - 1; at >= 0; at -= 1) {
      carry += (bytes[at] ?? 0) * 58;
      bytes[at] = carry & 0xff;
      carry >>= 8;
    }
    if (carry > 0) return undefined;
  }
  const zeros = /^1*/.exec(address)?.[0].length ?? 0;
  // A leading 1 stands for a leading byte of zero, and for nothing else.
  return bytes.findIndex((byte) => byte !== 0) === zeros ? bytes : undefined;
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
