import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { RpcError } from '@locara/protocol';
import { isWithin } from '../files/is-within.ts';
import {
  type SandboxOptions,
  SANDBOX_PLACES,
  type SharedPath,
  type SystemPart,
} from './plan-sandbox.ts';

/** What the user typed, and where. */
export interface CommandRequest {
  readonly command: readonly string[];
  readonly programFolder?: string | undefined;
  readonly currentFolder?: string | undefined;
  readonly searchPath?: string | undefined;
}

/** What no command may open to an app. */
export interface Boundaries {
  readonly system: readonly SystemPart[];
  /** Folders of the daemon's own. */
  readonly locaraFolders: readonly string[];
  readonly userHome: string;
}

export type SharedChoice = Pick<
  SandboxOptions,
  'hidden' | 'shared' | 'workingFolder' | 'program' | 'arguments'
> & { readonly sharedFolder: string | undefined };

/** Folders of the kernel and of running services: what lies there is not a program. */
const LIVE_FOLDERS = ['/proc', '/sys', '/dev', '/run'];

/**
 * Decides what a command lets its app see beside the system: one program folder, the program itself, and each
 * file that it names. Throws InvalidParams with a rule for what must not be shared, or does not exist.
 */
export async function chooseShared(
  request: CommandRequest,
  boundaries: Boundaries,
): Promise<SharedChoice> {
  const walls = await readWalls(boundaries);
  const folder = await chooseFolder(request, walls);
  const hidden = chooseHidden(walls, boundaries.system);
  const isVisible = (path: string): boolean => {
    if (folder !== undefined && isWithin(path, folder)) return true;
    const isSystem = boundaries.system.some((part) => isWithin(path, part.path));
    return isSystem && !hidden.some((wall) => isWithin(path, wall));
  };
  const program = await findProgram(request, walls);
  const named = await Promise.all(
    request.command.slice(1).map((argument) => findNamedFile(argument, walls)),
  );
  const isInPlace = isVisible(program.named) && isVisible(program.real);
  const files = [...(isInPlace ? [] : [{ named: program.real, real: program.real }]), ...named];
  const { currentFolder } = request;
  const current = currentFolder === undefined ? undefined : await resolveLinks(currentFolder);
  return {
    hidden,
    shared: [
      ...(folder === undefined ? [] : [{ source: folder, target: folder }]),
      ...files.flatMap((file) => (file === undefined ? [] : shareFile(file, isVisible))),
    ],
    workingFolder: chooseWorkingFolder(folder, current),
    program: isInPlace ? program.named : program.real,
    arguments: request.command.slice(1),
    sharedFolder: folder,
  };
}

/** What must stay unseen although it lies in a folder of the system. */
function chooseHidden({ locara, home }: Walls, system: readonly SystemPart[]): string[] {
  const own = home === undefined ? locara : [...locara, home];
  const outermost = own.filter((path) => !own.some((it) => it !== path && isWithin(path, it)));
  return [...new Set(outermost)].filter((path) =>
    system.some((part) => path !== part.path && isWithin(path, part.path)),
  );
}

/** Where relative names mean what they mean to the user, as far as that place is shown. */
function chooseWorkingFolder(folder: string | undefined, current: string | undefined): string {
  if (folder === undefined) return SANDBOX_PLACES.home;
  return current !== undefined && isWithin(current, folder) ? current : folder;
}

function resolveLinks(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}

interface Walls {
  readonly locara: readonly string[];
  readonly home: string | undefined;
}

async function readWalls({ locaraFolders, userHome }: Boundaries): Promise<Walls> {
  const locara = await Promise.all(locaraFolders.map(resolveLinks));
  return {
    locara: locara.filter((path) => path !== undefined),
    home: await resolveLinks(userHome),
  };
}

/** The folder that was named, or refused; else the current one where it is fit to be shown. */
async function chooseFolder(request: CommandRequest, walls: Walls): Promise<string | undefined> {
  const { programFolder, currentFolder } = request;
  const path = programFolder ?? currentFolder;
  if (path === undefined) return undefined;
  const folder = await resolveLinks(path);
  const isFolder = folder !== undefined && (await stat(folder)).isDirectory();
  if (isFolder && isFit(folder, walls)) return folder;
  if (programFolder === undefined) return undefined;
  throw refused(
    'program_folder',
    isFolder
      ? 'That program folder cannot be shared with an app: it is, or holds, your home folder, a folder of Locara, or one of the system. Name the folder of the program alone.'
      : 'The program folder does not exist.',
  );
}

function isFit(folder: string, { locara, home }: Walls): boolean {
  const isTopLevel = dirname(folder) === '/';
  const isLive = LIVE_FOLDERS.some((live) => isWithin(folder, live));
  const holdsHome = home !== undefined && isWithin(home, folder);
  const touchesLocara = locara.some((own) => isWithin(own, folder) || isWithin(folder, own));
  return !isTopLevel && !isLive && !holdsHome && !touchesLocara;
}

interface NamedFile {
  /** As the user wrote it, absolute. */
  readonly named: string;
  readonly real: string;
}

async function findProgram(request: CommandRequest, walls: Walls): Promise<NamedFile> {
  for (const named of candidates(request)) {
    const real = await resolveLinks(named);
    if (real === undefined || !(await isExecutable(real))) continue;
    assertNotLocara(real, walls);
    assertNoShim(named);
    return { named, real };
  }
  throw refused(
    'command_not_found',
    'There is no such program to run: check its name, and that it may be executed.',
  );
}

function candidates({ command, currentFolder, searchPath = '' }: CommandRequest): string[] {
  const name = command[0] ?? '';
  if (isAbsolute(name)) return [resolve(name)];
  if (name.includes('/')) return currentFolder === undefined ? [] : [resolve(currentFolder, name)];
  const folders = searchPath.split(':').filter((folder) => isAbsolute(folder));
  return name === '' ? [] : folders.map((folder) => join(folder, name));
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** A file that the user named is meant to be read; a name that is none stays what it is. */
async function findNamedFile(argument: string, walls: Walls): Promise<NamedFile | undefined> {
  if (!isAbsolute(argument)) return undefined;
  const named = resolve(argument);
  const real = await resolveLinks(named);
  if (real === undefined || LIVE_FOLDERS.some((live) => isWithin(real, live))) return undefined;
  const stats = await stat(real).catch(() => undefined);
  if (stats?.isFile() !== true) return undefined;
  assertNotLocara(real, walls);
  return { named, real };
}

/** At its real place, and also under the name it was given where no folder that is shown has that name. */
function shareFile({ named, real }: NamedFile, isVisible: (path: string) => boolean): SharedPath[] {
  return [
    ...(isVisible(real) ? [] : [{ source: real, target: real }]),
    ...(named === real || isVisible(named) ? [] : [{ source: real, target: named }]),
  ];
}

function assertNotLocara(real: string, { locara }: Walls): void {
  if (!locara.some((own) => isWithin(real, own))) return;
  throw refused(
    'protected_path',
    'The command names a file of Locara itself, which no app may see.',
  );
}

/** Version managers put scripts before programs; they look for files that no sandbox shows. */
function assertNoShim(named: string): void {
  if (basename(dirname(named)) !== 'shims') return;
  throw refused(
    'version_manager_shim',
    'That command is only a shim of a version manager, which cannot work in a sandbox. Name the program itself by its path; `pyenv which`, `asdf which` or `nodenv which` prints it.',
  );
}

function refused(rule: string, message: string): RpcError {
  return new RpcError('InvalidParams', message, { details: { rule } });
}
