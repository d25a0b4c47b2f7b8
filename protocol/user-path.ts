import * as z from 'zod';

/** The folders that every desktop has, wherever they lie and whatever they are called there. */
export const USER_FOLDERS = [
  'desktop',
  'documents',
  'downloads',
  'movies',
  'music',
  'pictures',
] as const;

const EVERYTHING_BELOW = '**';
// Without characters that another reader of patterns could give a meaning of its own, that cannot be seen, or
// that would end the quotation in which people read it.
const SEGMENT =
  /^[^\\/?[\]{}!$%"“”\u034f\u115f\u1160\u2800\u3164\uffa0\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]+$/u;

/** A user path in its parts: the folders it names one by one, and what of the last one's entries it means. */
interface ParsedPath {
  readonly folders: readonly string[];
  /** `**` is everything below, `*.md` the entries so named; absent: the place itself with everything below. */
  readonly glob?: string;
}

function parseUserPath(path: string): ParsedPath | undefined {
  const [root = '', ...rest] = path === '/' ? [''] : path.split('/');
  const isRoot = root === '' || root === '~' || USER_FOLDERS.some((folder) => folder === root);
  if (!isRoot || path === '' || path !== path.normalize('NFC')) return undefined;
  if (!rest.every((segment) => SEGMENT.test(segment) && !isAmbiguous(segment))) {
    return undefined;
  }
  const last = rest.at(-1);
  const folders = [root, ...rest];
  if (last?.includes('*') !== true) {
    return folders.some((folder) => folder.includes('*')) ? undefined : { folders };
  }
  const before = folders.slice(0, -1);
  const isGlob = last === EVERYTHING_BELOW || !last.includes(EVERYTHING_BELOW);
  return isGlob && !before.some((folder) => folder.includes('*'))
    ? { folders: before, glob: last }
    : undefined;
}

/** Some systems cut dots and spaces at the end of a name, shells read `~` at its start as a home folder, a gap breaks a line. */
function isAmbiguous(segment: string): boolean {
  return /^[ ~]|[. ]$|\p{Zs}{3}/u.test(segment);
}

/** A place in the user's files, in one spelling: from a known folder, the home folder or the root. */
export const UserPath = z
  .string()
  .max(256)
  .refine(
    (path) => parseUserPath(path) !== undefined,
    `a path from ${USER_FOLDERS.join(', ')}, ~ or /, as documents/notes; without . or .., backslash, or / at the end; * in its last part alone`,
  );

function beforeGlob(path: string): string {
  const at = path.indexOf('*');
  return at === -1 ? path : path.slice(0, at);
}

/**
 * True when `wide` provably includes all that `narrow` does. Letters of another case are another path:
 * where the file system thinks otherwise, the user is asked once too often, never once too seldom.
 */
export function coversUserPath(wide: string, narrow: string): boolean {
  if (wide === narrow) return true;
  // Necessary, and quick: most paths of a list have nothing to do with each other.
  if (!narrow.startsWith(beforeGlob(wide))) return false;
  const [outer, inner] = [parseUserPath(wide), parseUserPath(narrow)];
  if (outer === undefined || inner === undefined) return false;
  const isSamePlace = outer.folders.length === inner.folders.length;
  if (!outer.folders.every((folder, index) => folder === inner.folders[index])) return false;
  if (outer.glob === undefined) return true;
  if (outer.glob === EVERYTHING_BELOW) return !isSamePlace || inner.glob !== undefined;
  return isSamePlace && outer.glob === '*' && isEntryGlob(inner.glob);
}

function isEntryGlob(glob: string | undefined): boolean {
  return glob !== undefined && glob !== EVERYTHING_BELOW;
}

const WHOLE_DISK: readonly string[] = ['~', '~/*', '~/**', '/', '/*', '/**'];

/** True for all of the home folder or of the disk. */
export function isWholeDisk(path: string): boolean {
  return WHOLE_DISK.includes(path);
}
