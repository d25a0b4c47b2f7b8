import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { createSystemKeyring } from '../../../../daemon/stores/keys/system-keyring.ts';
import { makeTemporaryFolder } from '../../../support/temporary-store.ts';

const ACCOUNT = '0123456789abcdef-0123456789ab';
const unreachable = { reason: 'Unavailable', details: { rule: 'keyring_unreachable' } };

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A session bus of the test's own, so that the keyring of whoever runs it stays out of this. */
function useBus(socket: string): void {
  vi.stubEnv('DBUS_SESSION_BUS_ADDRESS', `unix:path=${socket}`);
}

test.runIf(process.platform === 'linux')(
  'a keyring that is not there is unreachable, and the kernel does not stand in for it',
  async () => {
    useBus(join(makeTemporaryFolder(), 'absent.sock'));
    const keyring = createSystemKeyring({ timeoutMs: 20_000 });
    await expect(keyring.set(ACCOUNT, new Uint8Array(32))).rejects.toMatchObject(unreachable);
    await expect(keyring.get(ACCOUNT)).rejects.toMatchObject(unreachable);
    await expect(keyring.delete(ACCOUNT)).rejects.toMatchObject(unreachable);
  },
);

test.runIf(process.platform === 'linux')(
  'a keyring that never answers is given up after the time limit',
  async () => {
    const socket = join(makeTemporaryFolder(), 'bus.sock');
    const server = createServer().listen(socket);
    await once(server, 'listening');
    const reached = once(server, 'connection');
    useBus(socket);
    const asked = createSystemKeyring({ timeoutMs: 3000 }).get(ACCOUNT);
    const [connection] = (await reached) as [{ destroy(): void }];
    await expect(asked).rejects.toMatchObject(unreachable);
    connection.destroy();
    server.close();
  },
);
