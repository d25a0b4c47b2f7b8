import { createDecipheriv } from 'node:crypto';

const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
/** At the end of every page of SQLCipher 4: its initialization vector, then its signature. */
const RESERVED_BYTES = 80;
const VECTOR_BYTES = 16;
const RESERVED_AT = 20;

/**
 * Whole pages of a SQLCipher 4 database, from page `first` on (1 is the first), as a plain SQLite database has
 * them: so that nothing that can be read is ever on the disk here. The pages were checked before.
 */
export function decryptPages(
  pages: Uint8Array,
  {
    key,
    pageBytes,
    first,
  }: { readonly key: Uint8Array; readonly pageBytes: number; readonly first: number },
): Buffer {
  const plain = Buffer.alloc(pages.length);
  for (let start = 0; start < pages.length; start += pageBytes) {
    // The first page begins with the salt, which is not encrypted.
    const skipped = first === 1 && start === 0 ? MAGIC.length : 0;
    const end = start + pageBytes - RESERVED_BYTES;
    const vector = pages.subarray(end, end + VECTOR_BYTES);
    const decipher = createDecipheriv('aes-256-cbc', key, vector).setAutoPadding(false);
    const content = decipher.update(pages.subarray(start + skipped, end));
    plain.set(content, start + skipped);
    if (skipped > 0) plain.set(MAGIC, start);
  }
  if (first === 1 && plain[RESERVED_AT] !== RESERVED_BYTES)
    throw new Error('not a SQLCipher 4 page');
  return plain;
}
