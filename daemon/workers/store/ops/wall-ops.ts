import type { Op } from './op.ts';

/** What keeps an app's SQL in: it runs only where both hold. */
export interface StoreWalls {
  /** The operating system lets this process read nothing but its own folder, code and libraries. */
  readonly areFilesConfined: boolean;
  /** SQLite asks, of each statement of an app, whether it may do what it would. */
  readonly areStatementsGuarded: boolean;
}

export interface WallOps {
  describeWalls: Op<Record<string, never>, StoreWalls>;
}
