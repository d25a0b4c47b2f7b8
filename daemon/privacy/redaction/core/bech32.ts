const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const BECH32 = 1;
const BECH32M = 0x2bc830a3;
const CHECKSUM_CHARS = 6;

/** A witness address (BIP 173, 350): version 0 with the first checksum, 1 to 16 with the second, and its length. */
export function isBech32Address(written: string): boolean {
  const address = written.toLowerCase();
  if (address !== written && address.toUpperCase() !== written) return false;
  const split = address.lastIndexOf('1');
  const prefix = address.slice(0, split);
  const values = Array.from(address.slice(split + 1), (character) => ALPHABET.indexOf(character));
  if (address.length > 90 || values.length <= CHECKSUM_CHARS || values.includes(-1)) return false;
  const version = values[0] ?? 32;
  const bytes = Math.floor(((values.length - 1 - CHECKSUM_CHARS) * 5) / 8);
  if (version > 16 || bytes < 2 || bytes > 40) return false;
  if (version === 0 && bytes !== 20 && bytes !== 32) return false;
  return polymod([...expand(prefix), ...values]) === (version === 0 ? BECH32 : BECH32M);
}

function expand(prefix: string): readonly number[] {
  const codes = Array.from(prefix, (character) => character.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

function polymod(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    for (const [bit, generator] of GENERATORS.entries()) {
      if ((top >> bit) & 1) sum ^= generator;
    }
  }
  return sum;
}
