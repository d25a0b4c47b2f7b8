/** Of each app, drops the records whose entries are numbered up to `n`; those that are no entries yet stay. */
export function dropRecordsThrough<Entry extends { readonly n?: number }>(
  apps: Map<string, Entry[]>,
  n: number,
): void {
  for (const [appId, records] of apps) {
    const kept = records.filter((record) => record.n === undefined || record.n > n);
    if (kept.length === 0) apps.delete(appId);
    else if (kept.length < records.length) apps.set(appId, kept);
  }
}
