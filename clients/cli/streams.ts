import type { Readable, Writable } from 'node:stream';

/** The three streams of a process, or a test's. */
export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  /** `columns` is known of a terminal. */
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
}
