/** Where something listens that a sealed process must not reach. */
export interface CanaryTargets {
  /** TCP and UDP on 127.0.0.1. */
  readonly tcpPort: number;
  readonly udpPort: number;
  readonly unixPath: string;
  /** A stream socket of Linux' abstract name space, without the leading NUL; empty to skip. */
  readonly abstractName: string;
  /** A file the daemon did not hand over for writing. */
  readonly filePath: string;
  /** Another process of the same user. */
  readonly pid: number;
}

/** One way out: whether it was refused, and by which error code. */
export interface Exit {
  readonly way: string;
  readonly isBlocked: boolean;
  readonly code: string;
}

/** The operations of the canary: a worker that tries to get out. */
export interface CanaryOps {
  escape: {
    params: CanaryTargets;
    chunk: never;
    result: { readonly exits: readonly Exit[] };
  };
}
