/** What deleting may take beyond the quota, for marks and splits of pages: as pages, and as a part of the quota. */
const RESERVE_PAGES = 64;
const RESERVE_SHARE = 1 / 16;

export interface RoomOptions {
  readonly quotaPages: number;
  readonly filePages: number;
  /** `file`: also where the file is larger than the quota. */
  readonly beyond: 'quota' | 'file';
  readonly allowPages: (pages: number) => void;
}

/** Runs what makes room with a few pages more than the quota, and with the quota alone afterwards. */
export function withRoom<T>(
  { quotaPages, filePages, beyond, allowPages }: RoomOptions,
  work: () => T,
): T {
  const share = Math.floor(quotaPages * RESERVE_SHARE);
  // A word index that has lost many of its words is written anew before the old one goes.
  const rewrite = beyond === 'file' ? 2 * filePages : 0;
  allowPages(Math.max(quotaPages + share, rewrite) + RESERVE_PAGES);
  try {
    return work();
  } finally {
    allowPages(quotaPages);
  }
}
