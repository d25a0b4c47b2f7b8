import koffi from 'koffi';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const ADDRESS_BYTES = 110;

/**
 * Tells systemd a state, as `READY=1`, on the datagram socket it names (sd_notify(3)); Node has no
 * Unix datagrams. Does nothing without a socket name; a failure is not worth stopping for.
 */
export function notifySystemd(socketName: string | undefined, state: string): boolean {
  if (socketName === undefined || process.platform !== 'linux') return false;
  const libc = koffi.load(null);
  const openSocket = libc.func('int socket(int domain, int type, int protocol)') as (
    ...args: number[]
  ) => number;
  const sendTo = libc.func(
    'long sendto(int fd, void *bytes, size_t length, int flags, void *address, uint32_t size)',
  ) as (...args: unknown[]) => number;
  const close = libc.func('int close(int fd)') as (fd: number) => number;
  const name = Buffer.from(socketName);
  if (name.length > ADDRESS_BYTES - 3) return false;
  const fd = openSocket(AF_UNIX, SOCK_DGRAM, 0);
  if (fd < 0) return false;
  const address = Buffer.alloc(ADDRESS_BYTES);
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  // A leading @ names a socket in the abstract namespace.
  if (socketName.startsWith('@')) address[2] = 0;
  const bytes = Buffer.from(state);
  const sent = sendTo(fd, bytes, bytes.length, 0, address, 2 + name.length);
  close(fd);
  return sent === bytes.length;
}
