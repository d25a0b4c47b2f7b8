import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What is left of a file whose writing a crash cut off. */
export const LEFTOVER = /\.[0-9a-f]{12}\.(?:tmp|new)$/;

/**
 * Removes what a crash left of files that were being written to a folder, with `isDeep` also to those in it.
 * Only while nobody else writes there. What cannot be read or removed stays, and does no harm.
 */
export async function removeLeftovers(
  folder: string,
  { isDeep = false }: { readonly isDeep?: boolean } = {},
): Promise<void> {
  const names = await readdir(folder, { recursive: isDeep }).catch(() => []);
  for (const name of names) {
    if (!LEFTOVER.test(name)) continue;
    await rm(join(folder, name), { force: true }).catch(() => undefined);
  }
}
