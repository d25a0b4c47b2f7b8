import { isBitcoinAddress } from './base58.ts';
import { isBech32Address } from './bech32.ts';
import { isEthereumAddress } from './ethereum.ts';
import { joinsWord } from '../characters.ts';
import type { Candidate, Recognizer, ScannedText } from '../recognizer.ts';

/** Whole runs, of which only those of the right length and beginning are decoded. */
const ADDRESS =
  /(?<![A-Za-z0-9])(?:0x[0-9A-Fa-f]{40}|(?:bc|tb|ltc|bcrt)1[02-9ac-hj-np-z]{8,86}|(?:BC|TB|LTC|BCRT)1[02-9AC-HJ-NP-Z]{8,86}|[13LMDTA9][1-9A-HJ-NP-Za-km-z]{25,34})(?![A-Za-z0-9])/g;
const HASHES: ReadonlySet<string> = new Set([
  'hash',
  'sha',
  'sha1',
  'commit',
  'checksum',
  'digest',
]);

export const cryptoAddressRecognizer: Recognizer = {
  id: 'crypto-address',
  entities: ['CRYPTO'],
  scan: findAddresses,
};

function* findAddresses(scanned: ScannedText): Iterable<Candidate | undefined> {
  const { text } = scanned;
  let count = 0;
  for (const { 0: address, index } of text.matchAll(ADDRESS)) {
    if ((count += 1) % 32 === 0) yield undefined;
    const end = index + address.length;
    if (joinsWord(text, index - 1) || joinsWord(text, end)) continue;
    const proof = proveAddress(address);
    if (proof === undefined) continue;
    // Small letters alone carry no checksum: forty hexadecimal digits may be a hash.
    const isUnproven = proof === 'ethereum-shape';
    const isHash = isUnproven && scanned.hasWordBefore(index, HASHES, 24);
    const score = isHash ? 0.2 : isUnproven ? 0.5 : 0.95;
    yield { entity: 'CRYPTO', start: index, end, score, reason: `crypto-${proof}` };
  }
}

function proveAddress(address: string): string | undefined {
  if (address.startsWith('0x')) {
    if (!isEthereumAddress(address)) return undefined;
    const isMixed = /[a-f]/.test(address.slice(2)) && /[A-F]/.test(address);
    return isMixed ? 'ethereum-checksum' : 'ethereum-shape';
  }
  if (/^(?:bc|tb|ltc)/i.test(address)) {
    return isBech32Address(address) ? 'bech32-checksum' : undefined;
  }
  return isBitcoinAddress(address) ? 'base58-checksum' : undefined;
}
