import { availableParallelism } from 'node:os';
import { countDarwinCores } from './platform/darwin.ts';
import { countLinuxCores } from './platform/linux.ts';

/** What this process may compute on at once. */
export interface Cores {
  /** Performance cores, hyper-threads counted once. */
  readonly count: number;
  /** Processors as the system counts them; a quota of the system's bounds both numbers. */
  readonly logical: number;
  /** How `count` came about. */
  readonly source: 'topology' | 'parallelism';
}

export interface CoreReading {
  /** Undefined where the system does not tell its cores apart. */
  readonly physical: number | undefined;
  readonly logical: number;
}

/** Reads the machine anew: the affinity of a process and the quota of its container may change. */
export function readCores(platform: NodeJS.Platform = process.platform): Cores {
  return toCores({ physical: countPhysical(platform), logical: availableParallelism() });
}

export function toCores({ physical, logical }: CoreReading): Cores {
  return physical === undefined || physical < 1
    ? { count: logical, logical, source: 'parallelism' }
    : { count: Math.min(physical, logical), logical, source: 'topology' };
}

function countPhysical(platform: NodeJS.Platform): number | undefined {
  if (platform === 'linux') return countLinuxCores();
  if (platform === 'darwin') return countDarwinCores();
  return undefined;
}
