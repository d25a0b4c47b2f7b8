/** The descriptor of the channel to the daemon in a worker; stdio is 0 to 2, and nothing else is inherited. */
export const IPC_FD = 3;

/** Environment variables that tell a worker how to seal itself; removed once read. */
export const SEAL_STAGE = 'LOCARA_SEAL_STAGE';
export const SEAL_WRITABLE = 'LOCARA_SEAL_WRITABLE';

export interface SealSettings {
  readonly stage: 'first' | 'final';
  /** The only folders whose files may be changed. */
  readonly writableFolders: readonly string[];
}

/** What sealing needs of `process`. */
export type SealHost = Pick<
  NodeJS.Process,
  'platform' | 'arch' | 'pid' | 'env' | 'execPath' | 'execArgv' | 'argv'
> & { readonly execve?: NodeJS.Process['execve'] };

export function toSealEnvironment(writableFolders: readonly string[]): Record<string, string> {
  return { [SEAL_WRITABLE]: JSON.stringify(writableFolders) };
}

/** Reads the settings the daemon passed. Throws on anything malformed. */
export function readSealSettings(env: NodeJS.ProcessEnv): SealSettings {
  const folders: unknown = JSON.parse(env[SEAL_WRITABLE] ?? '[]');
  if (!Array.isArray(folders) || !folders.every((folder) => typeof folder === 'string')) {
    throw new Error('the writable folders are malformed');
  }
  return { stage: env[SEAL_STAGE] === 'final' ? 'final' : 'first', writableFolders: folders };
}
