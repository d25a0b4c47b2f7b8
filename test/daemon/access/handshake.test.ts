import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { AppRegistry } from '../../../daemon/access/app-registry.ts';
import { toRawPublicKey } from '../../../daemon/access/daemon-key.ts';
import { createHandshake, type Handshake } from '../../../daemon/access/handshake.ts';
import { silentLog } from '../../fakes/silent-log.ts';
import { NO_BLOCKS } from '../../support/install-bench.ts';
import { rejectionOf } from '../../support/signed-package.ts';

const HELLO = { protocol: { min: 1, max: 1 }, client: { name: 'x', version: '1' } };

/** The handshake of one connection to a daemon that has no apps. */
function openHandshake(): Handshake {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const registry: Pick<AppRegistry, 'find'> = { find: () => undefined };
  return createHandshake(
    {
      registry: registry as AppRegistry,
      blocks: NO_BLOCKS,
      daemonKey: { privateKey, publicKey: toRawPublicKey(publicKey) },
      version: '1.0.0',
      features: [],
      maxConnectionsPerApp: 1,
      authTimeoutMs: 1000,
      log: silentLog,
    },
    {
      peer: { uid: process.getuid?.() ?? 0, pid: process.pid },
      isPeerUnchanged: () => true,
      closeAfterAnswer: () => undefined,
      onAuthenticated: () => {
        throw new Error('nobody can authenticate here');
      },
    },
  );
}

test('a failed proof neither makes room for a second hello nor leaves its nonce usable', async () => {
  const handshake = openHandshake();
  handshake.hello(HELLO);
  const random = randomBytes(32).toString('base64');
  const manifestDigest = `sha256:${'0'.repeat(64)}`;
  const proof = {
    appId: 'a/b',
    manifestDigest,
    nonce: random,
    pid: process.pid,
    signature: random,
  };
  expect((await rejectionOf(() => handshake.authenticate(proof))).reason).toBe('Unauthenticated');
  expect((await rejectionOf(() => handshake.hello(HELLO))).reason).toBe('Conflict');
  expect((await rejectionOf(() => handshake.authenticate(proof))).reason).toBe('Unauthenticated');
});
