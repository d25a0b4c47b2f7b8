import { readFileSync } from 'node:fs';

export interface Memory {
  readonly rssMb: number;
  /** Pages shared with other processes counted in parts. */
  readonly pssMb: number;
  /** Pages of this process alone. */
  readonly ownMb: number;
}

/** Memory of a process, from Linux's /proc. */
export function memoryOf(pid: number): Memory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mbOf = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? NaN) / 1024;
  return {
    rssMb: mbOf('Rss'),
    pssMb: mbOf('Pss'),
    ownMb: mbOf('Private_Clean') + mbOf('Private_Dirty'),
  };
}
