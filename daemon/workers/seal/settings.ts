/** The descriptor of the channel to the daemon in a worker; stdio is 0 to 2, and nothing else is inherited. */
export const IPC_FD = 3;

/** Environment variables that tell a worker how to seal itself; removed once read. */
export const SEAL_STAGE = 'LOCARA_SEAL_STAGE';
export const SEAL_WRITABLE = 'LOCARA_SEAL_WRITABLE';
export const SEAL_READABLE = 'LOCARA_SEAL_READABLE';

/** The files that a worker keeps when it gives up all others. */
export interface SealedFiles {
  /** The only folders whose files may be changed. */
  readonly writableFolders: readonly string[];
  /**
   * Beside them, the only folders and files that may be read or run, of its own code; what the system and the
   * runtime need is added. Absent where reading stays free.
   */
  readonly readablePaths?: readonly string[];
}

export interface SealSettings extends SealedFiles {
  readonly stage: 'first' | 'final';
}

/** What holds of a sealed process beyond what every one must have. */
export interface SealReport {
  /** It was seen to read nothing beside its own folders. */
  readonly areFilesConfined: boolean;
}

/** What sealing needs of `process`. */
export type SealHost = Pick<
  NodeJS.Process,
  'platform' | 'arch' | 'pid' | 'env' | 'execPath' | 'execArgv' | 'argv'
> & { readonly execve?: NodeJS.Process['execve'] };

export function toSealEnvironment({
  writableFolders,
  readablePaths,
}: SealedFiles): Record<string, string> {
  return {
    [SEAL_WRITABLE]: JSON.stringify(writableFolders),
    ...(readablePaths === undefined ? {} : { [SEAL_READABLE]: JSON.stringify(readablePaths) }),
  };
}

/** Reads the settings the daemon passed. Throws on anything malformed. */
export function readSealSettings(env: NodeJS.ProcessEnv): SealSettings {
  const readable = env[SEAL_READABLE];
  return {
    stage: env[SEAL_STAGE] === 'final' ? 'final' : 'first',
    writableFolders: parsePaths(env[SEAL_WRITABLE] ?? '[]'),
    ...(readable === undefined ? {} : { readablePaths: parsePaths(readable) }),
  };
}

function parsePaths(text: string): readonly string[] {
  const paths: unknown = JSON.parse(text);
  if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string')) {
    throw new Error('the folders of the seal are malformed');
  }
  return paths;
}
