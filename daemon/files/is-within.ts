/** Whether a path is that folder or lies below it; both absolute and without links. */
export function isWithin(path: string, folder: string): boolean {
  if (path === folder || folder === '/') return true;
  return path.startsWith(`${folder}/`);
}
