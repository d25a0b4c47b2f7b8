import { readFileSync } from 'node:fs';

/** The p-th percentile (0..100) of some figures. */
export function percentile(figures: readonly number[], p: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const index = Math.min(sorted.length - 1, Math.ceil((p / 100) * sorted.length) - 1);
  return sorted[Math.max(0, index)] ?? NaN;
}

export function median(figures: readonly number[]): number {
  return percentile(figures, 50);
}

/** Memory of a process, from Linux's /proc. */
export function rssMb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

const MS_PER_TICK = 10;

/** Processor time of a process so far: unlike the clock on the wall, it hardly sees the neighbours. */
export function cpuMs(pid: number): number {
  // The name in brackets may hold anything; the numbers come after it.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

export interface Row {
  readonly name: string;
  readonly ours: string;
  readonly peer?: string;
  readonly goal?: string;
}

/** One table, aligned, as a person reads it. */
export function renderRows(rows: readonly Row[]): string {
  const table = [{ name: 'measure', ours: 'locarad', peer: 'side by side', goal: 'goal' }, ...rows];
  const columns = ['name', 'ours', 'peer', 'goal'] as const;
  const widths = columns.map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      columns
        .map((column, at) => (row[column] ?? '').padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
