/** The p-th percentile (0..100) of some figures. */
export function percentile(figures: readonly number[], p: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const index = Math.min(sorted.length - 1, Math.ceil((p / 100) * sorted.length) - 1);
  return sorted[Math.max(0, index)] ?? NaN;
}

export interface Row {
  readonly name: string;
  readonly ours: string;
  readonly peer: string;
  readonly goal: string;
}

/** One table, aligned, as a person reads it. */
export function renderRows(rows: readonly Row[]): string {
  const table = [{ name: 'measure', ours: 'locarad', peer: 'side by side', goal: 'goal' }, ...rows];
  const columns = ['name', 'ours', 'peer', 'goal'] as const;
  const widths = columns.map((column) => Math.max(...table.map((row) => row[column].length)));
  return table
    .map((row) =>
      columns
        .map((column, at) => row[column].padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
