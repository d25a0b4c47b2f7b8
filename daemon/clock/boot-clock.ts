import type { BootReading } from './boot-reading.ts';
import { bindDarwinBootClock } from './platform/darwin.ts';
import { bindLinuxBootClock } from './platform/linux.ts';

/** A clock that nobody can set; undefined when the system does not tell. */
export interface BootClock {
  read(): BootReading | undefined;
}

/** Binds the clock of this system once; where there is none, or it fails, every reading is undefined. */
export function createBootClock(platform: NodeJS.Platform = process.platform): BootClock {
  const readNative = attempt(() => bindPlatform(platform));
  return {
    read: () => (readNative === undefined ? undefined : attempt(() => check(readNative()))),
  };
}

function bindPlatform(platform: NodeJS.Platform): () => BootReading {
  if (platform === 'linux') return bindLinuxBootClock();
  if (platform === 'darwin') return bindDarwinBootClock();
  throw new Error('no boot clock is known for this platform');
}

function check(reading: BootReading): BootReading {
  const isSane = Number.isFinite(reading.elapsedMs) && reading.elapsedMs >= 0;
  if (!isSane || reading.bootId === '') throw new Error('the boot clock makes no sense');
  return reading;
}

function attempt<Result>(run: () => Result): Result | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
