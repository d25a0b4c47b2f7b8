/** Who is at the other end of a Unix socket: the kernel's word, not the peer's. */
export interface Peer {
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  /**
   * Tells this process from a later one with the same pid: Linux, its start time; macOS, its audit token in hex,
   * which also changes when it executes another program. Compare only for equality.
   */
  readonly instance: string;
}

/** What each operating system must answer about peers. Descriptors are open sockets of this process. */
export interface PeerPlatform {
  readPeer(fd: number): Peer;
  isPeerAlive(fd: number, peer: Peer): boolean;
  parentOf(pid: number): number | undefined;
  hardenProcess(): void;
}
