import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@locara/client';
import { handshakeTranscript, RpcError } from '@locara/protocol';
import { describe, expect, test, vi } from 'vitest';
import { FakeDaemon } from '../../fakes/fake-daemon.ts';

interface Vector {
  appSeedHex: string;
  daemonSeedHex: string;
  daemonPublicKey: string;
  serverNonce: string;
  clientNonce: string;
  appId: string;
  manifestDigest: string;
  clientPid: number;
  daemonPid: number;
  client: { transcriptHex: string; signature: string };
  server: { transcriptHex: string; signature: string };
}
const vector = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../fixtures/handshake.json'), 'utf8'),
) as Vector;

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const keyOfSeed = (hex: string) =>
  createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519, Buffer.from(hex, 'hex')]),
    format: 'der',
    type: 'pkcs8',
  });

describe('the published handshake vector', () => {
  const fields = {
    ...vector,
    serverNonce: Buffer.from(vector.serverNonce, 'base64'),
    clientNonce: Buffer.from(vector.clientNonce, 'base64'),
    daemonPublicKey: Buffer.from(vector.daemonPublicKey, 'base64'),
  };

  test.each([
    ['client', vector.appSeedHex],
    ['server', vector.daemonSeedHex],
  ] as const)('gives the %s transcript and its signature', (label, seed) => {
    const transcript = handshakeTranscript(label, fields);
    expect(Buffer.from(transcript).toString('hex')).toBe(vector[label].transcriptHex);
    const key = keyOfSeed(seed);
    expect(sign(null, transcript, key).toString('base64')).toBe(vector[label].signature);
    const signature = Buffer.from(vector[label].signature, 'base64');
    expect(verify(null, transcript, createPublicKey(key), signature)).toBe(true);
  });
});

describe('the handshake', () => {
  test('opens a session with the daemon that the credentials pin', async () => {
    await using daemon = await FakeDaemon.start();
    await using client = createClient({ credentials: daemon.credentials });
    const session = await client.connect();
    expect(session).toMatchObject({
      app: { id: 'acme/notes' },
      attestation: 'install-key',
      daemon: { name: 'locarad' },
    });
    expect(session).not.toHaveProperty('signature');
  });

  test('attack 7: sends no proof to a daemon with another key', async () => {
    await using daemon = await FakeDaemon.start({
      presentedKey: Buffer.alloc(32, 7).toString('base64'),
    });
    await using client = createClient({ credentials: daemon.credentials });
    await expect(client.daemon.ping()).rejects.toMatchObject({ code: 'DaemonNotTrusted' });
    await vi.waitFor(() => {
      expect(daemon.connections.size).toBe(0);
    }, 30_000);
    expect(daemon.received).toEqual(['session.hello']);
  });

  test('sends no proof when the pinned key is not a key', async () => {
    await using daemon = await FakeDaemon.start({ presentedKey: '' });
    const credentials = { ...daemon.credentials, daemonPublicKey: 'AAAA' };
    await using client = createClient({ credentials });
    await expect(client.daemon.ping()).rejects.toMatchObject({ code: 'DaemonNotTrusted' });
    expect(daemon.received).toEqual(['session.hello']);
  });

  test.each([
    [
      'is the client’s own, reflected (attack 8)',
      (_: unknown, __: unknown, reflected: Buffer) => reflected,
    ],
    ['is of nothing', () => Buffer.alloc(64)],
    ['is empty', () => Buffer.alloc(0)],
  ])('refuses a daemon whose signature %s', async (_, proveServer) => {
    await using daemon = await FakeDaemon.start({ proveServer });
    await using client = createClient({ credentials: daemon.credentials });
    await expect(client.daemon.ping()).rejects.toMatchObject({ code: 'DaemonNotTrusted' });
    expect(daemon.received).not.toContain('daemon.ping');
  });

  test('attack 8: refuses a daemon that signs the client’s transcript with its own key', async () => {
    await using daemon = await FakeDaemon.start({
      proveServer: (fields, key) => sign(null, handshakeTranscript('client', fields), key),
    });
    await using client = createClient({ credentials: daemon.credentials });
    await expect(client.daemon.ping()).rejects.toMatchObject({ code: 'DaemonNotTrusted' });
  });

  test('attack 9: refuses a nonce that is not 32 bytes', async () => {
    await using daemon = await FakeDaemon.start({ hello: { nonce: 'AAAA' } });
    await using client = createClient({ credentials: daemon.credentials });
    await expect(client.connect()).rejects.toMatchObject({ code: 'InvalidResponse' });
    expect(daemon.received).toEqual(['session.hello']);
  });

  test('says IncompatibleVersion when no protocol version is common', async () => {
    await using daemon = await FakeDaemon.start({
      handlers: {
        'session.hello': () => {
          throw new RpcError('IncompatibleVersion', 'No common version.');
        },
      },
    });
    await using client = createClient({ credentials: daemon.credentials });
    await expect(client.connect()).rejects.toMatchObject({ code: 'IncompatibleVersion' });
  });

  test('passes the refusal of the daemon on, and says where the user sees why', async () => {
    await using daemon = await FakeDaemon.start();
    const other = await FakeDaemon.start();
    await using client = createClient({
      credentials: { ...daemon.credentials, installKey: other.credentials.installKey },
    });
    await expect(client.connect()).rejects.toMatchObject({
      reason: 'Unauthenticated',
      message: 'The proof of identity failed. Ask the user to look at: locara app show acme/notes',
    });
    await other[Symbol.asyncDispose]();
  });

  test('lets the app sign where its key is', async () => {
    await using daemon = await FakeDaemon.start();
    const { installKey, ...credentials } = daemon.credentials;
    await using client = createClient({
      credentials,
      prove: (transcript) => sign(null, transcript, installKey),
    });
    await expect(client.connect()).resolves.toMatchObject({ app: { id: 'acme/notes' } });
  });

  test('gives a silent daemon up', async () => {
    await using daemon = await FakeDaemon.start({
      handlers: { 'session.hello': () => new Promise(() => undefined) },
    });
    await using client = createClient({ credentials: daemon.credentials, connectTimeoutMs: 100 });
    await expect(client.connect()).rejects.toMatchObject({ code: 'ConnectFailed' });
  });
});
