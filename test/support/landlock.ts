import { loadLinuxCalls } from '../../daemon/workers/seal/linux-calls.ts';

const VERSION_FLAG = 1;

/** Whether this system can keep a worker from changing files: macOS always, Linux where Landlock is on. */
export function canRestrictFiles(): boolean {
  if (process.platform !== 'linux') return true;
  if (process.arch !== 'x64' && process.arch !== 'arm64') return false;
  return loadLinuxCalls(process.arch).landlockCreate(null, 0, VERSION_FLAG) >= 1;
}
