import { accessSync, constants, statSync } from 'node:fs';
import type { Finding } from '@locara/protocol';
import type { Paths } from '../paths.ts';

const OPEN_TO_OTHERS = 0o077;

/** Where things are, whether they can be written, and whether nobody else can look in. */
export function examinePlaces(paths: Paths): Finding[] {
  return [
    examineFolder('data', { name: 'Data (stores, keys, grants, the audit log)', path: paths.data }),
    examineFolder('models', { name: 'Models', path: paths.modelCache }),
    examineFolder('logs', { name: 'Logs', path: paths.logs }),
    examineFolder('run', { name: 'Sockets', path: paths.run }),
  ];
}

function examineFolder(
  place: string,
  { name, path }: { readonly name: string; readonly path: string },
): Finding {
  const id = `place:${place}`;
  const title = `${name}: ${path}`;
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true || !canWrite(path)) {
    const fix = 'Make the folder, or give it back to your user, and start the daemon again.';
    return { id, level: 'problem', title, detail: 'It is not there or cannot be written.', fix };
  }
  if ((stats.mode & OPEN_TO_OTHERS) === 0) return { id, level: 'ok', title };
  const fix = `chmod 700 '${path}'`;
  return { id, level: 'warning', title, detail: 'Other users of this computer can enter it.', fix };
}

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
