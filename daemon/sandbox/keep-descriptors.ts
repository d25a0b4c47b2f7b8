import { readdirSync } from 'node:fs';
import koffi from 'koffi';

const F_SETFD = 2;
const FD_CLOEXEC = 1;
const FIRST_AFTER_STDIO = 3;

/**
 * Lets no descriptor of this process pass on to programs it starts, but those they are given. Node's own do
 * not; one that the daemon itself inherited would, and an open socket leads out of any sandbox.
 */
export function keepDescriptors(): void {
  const fcntl = koffi.load(null).func('int fcntl(int, int, long)') as (
    ...args: readonly number[]
  ) => number;
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    // The one that listed the folder is gone by now, and its number with it.
    if (fd >= FIRST_AFTER_STDIO) fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
}
