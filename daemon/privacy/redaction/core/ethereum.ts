import { keccak256 } from './keccak.ts';

/** Forty hexadecimal digits behind `0x`; where both cases are used, they must be those of EIP-55. */
export function isEthereumAddress(address: string): boolean {
  const digits = address.slice(2);
  const lower = digits.toLowerCase();
  if (/^(.)\1*$/.test(lower)) return false;
  if (digits === lower || digits === digits.toUpperCase()) return true;
  const hash = keccak256(Buffer.from(lower, 'ascii'));
  return Array.from(digits).every((digit, at) => {
    const nibble = ((hash[at >> 1] ?? 0) >> (at % 2 === 0 ? 4 : 0)) & 15;
    return digit === (nibble >= 8 ? digit.toUpperCase() : digit.toLowerCase());
  });
}
