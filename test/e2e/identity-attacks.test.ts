import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkOf } from '../support/attack-process.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import {
  authenticate,
  openWire,
  type ProofChanges,
  type RawCredentials,
  type Wire,
  type WireMessage,
} from '../support/raw-client.ts';

const HELLO = { protocol: { min: 1, max: 1 }, client: { name: 'x', version: '1' } };

let daemon: DaemonProcess;
let notes: RawCredentials;
let other: RawCredentials;
let edited: RawCredentials;

beforeAll(async () => {
  daemon = await startDaemonProcess();
  notes = await installSample(daemon.controlSocket);
  const bare = { modalities: [], models: [] };
  other = await installSample(daemon.controlSocket, { name: 'other', ...bare });
  edited = await installSample(daemon.controlSocket, { name: 'edited', ...bare });
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

function foreignKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' });
}

describe('the handshake', () => {
  const attacks: [string, string, () => ProofChanges][] = [
    [
      'attack 3: a copied manifest with another key',
      'signature',
      () => ({ installKey: foreignKey() }),
    ],
    ["attack 4: another app's key", 'signature', () => ({ installKey: other.installKey })],
    [
      "attack 4: an app's key for another app",
      'signature',
      () => ({ appId: other.appId, manifestDigest: other.manifestDigest }),
    ],
    [
      'attack 5: a server nonce of another connection',
      'signature',
      () => ({ serverNonce: randomBytes(32) }),
    ],
    ['attack 9: a short nonce', 'nonce', () => ({ nonce: randomBytes(16) })],
    ['attack 9: a nonce of 33 bytes', 'nonce', () => ({ nonce: randomBytes(33) })],
    ['attack 9: no nonce', 'nonce', () => ({ nonce: Buffer.alloc(0) })],
    ['attack 10: the pid of its parent', 'pid', () => ({ pid: process.ppid })],
    ['attack 10: the pid after its own', 'pid', () => ({ pid: process.pid + 1 })],
    ['attack 10: the pid of the daemon', 'pid', () => ({ pid: daemon.pid })],
    ['attack 10: a pid that overflows to its own', 'pid', () => ({ pid: 2 ** 32 + process.pid })],
    ['attack 10: the pid 0', 'pid', () => ({ pid: 0 })],
    ['attack 10: the pid -1', 'pid', () => ({ pid: -1 })],
    [
      'attack 10: a pid that differs from the signed one',
      'signature',
      () => ({ signedPid: process.pid + 1 }),
    ],
    [
      'attack 13: the digest of an older manifest',
      'digest',
      () => ({ manifestDigest: `sha256:${'0'.repeat(64)}` }),
    ],
    ['a digest of the wrong form', 'digest', () => ({ manifestDigest: 'sha256:' })],
    ...[
      'acme/unknown',
      '__proto__',
      'constructor/prototype',
      '../acme/notes',
      'acme/../acme/notes',
      './acme/notes',
      'acme//notes',
      'acme/notes/',
      'acme/notes\0',
      'acme\0/notes',
      'ACME/notes',
      'acme/Notes',
      'acm\u0435/notes',
      'acme/notes\u200b',
      ' acme/notes',
      '',
    ].map((appId): [string, string, () => ProofChanges] => [
      `attack 14: the app id ${JSON.stringify(appId)}`,
      'app',
      () => ({ appId }),
    ]),
    ['an empty signature', 'signature', () => ({ signature: '' })],
    ['a random signature', 'signature', () => ({ signature: randomBytes(64).toString('base64') })],
  ];
  test.each(attacks)(
    '%s is Unauthenticated with an errorId, and the end',
    async (_, check, changes) => {
      const wire = await openWire(daemon.appSocket);
      const answer = await authenticate(wire, notes, changes());
      const { error } = answer;
      expect(error).toMatchObject({
        code: -32001,
        message:
          'The proof of identity failed; the log of the daemon says which check, by this errorId.',
      });
      expect(error?.data).toEqual({
        reason: 'Unauthenticated',
        retryable: false,
        errorId: error?.data.errorId,
      });
      await wire.closed();
      expect(checkOf(daemon.logFile, answer)).toBe(check);
    },
  );

  /** Authenticates, and keeps the proof that was sent and the answer that came. */
  async function recordProof(): Promise<{ readonly proof: unknown; readonly answer: WireMessage }> {
    const wire = await openWire(daemon.appSocket);
    let proof: unknown;
    const recording: Wire = {
      ...wire,
      call: (method, params, id) => {
        if (method === 'session.authenticate') proof = params;
        return wire.call(method, params, id);
      },
    };
    const answer = await authenticate(recording, notes);
    expect(answer.result).toBeDefined();
    wire.end();
    return { proof, answer };
  }

  test('attack 5: a proof that is replayed on a new connection fails', async () => {
    const { proof } = await recordProof();
    const wire = await openWire(daemon.appSocket);
    await wire.call('session.hello', HELLO);
    const answer = await wire.call('session.authenticate', proof);
    expect(checkOf(daemon.logFile, answer)).toBe('signature');
    await wire.closed();
  });

  test('attack 5: a failed proof cannot be repaired on its connection', async () => {
    const wire = await openWire(daemon.appSocket);
    await authenticate(wire, notes, { signature: '' });
    wire.send({ jsonrpc: '2.0', id: 9, method: 'session.info' });
    await wire.closed();
    expect(wire.received.filter(({ id }) => id === 9)).toEqual([]);
  });

  test('attack 8: the signature of the daemon, reflected, proves no app', async () => {
    const { answer } = await recordProof();
    const signature = String(answer.result?.['signature']);
    const wire = await openWire(daemon.appSocket);
    const refusal = await authenticate(wire, notes, { signature });
    expect(checkOf(daemon.logFile, refusal)).toBe('signature');
  });

  test('attack 9: no two connections get the same nonce', async () => {
    const nonces = new Set<unknown>();
    for (let count = 0; count < 100; count += 1) {
      const wire = await openWire(daemon.appSocket);
      const { result } = await wire.call('session.hello', HELLO);
      expect(Buffer.from(String(result?.['nonce']), 'base64')).toHaveLength(32);
      nonces.add(result?.['nonce']);
      wire.end();
    }
    expect(nonces.size).toBe(100);
  });

  test('attack 9: a nonce of the app that it used before helps nobody, and harms nothing', async () => {
    const nonce = randomBytes(32);
    for (const connection of [await openWire(daemon.appSocket), await openWire(daemon.appSocket)]) {
      expect((await authenticate(connection, notes, { nonce })).result).toBeDefined();
      connection.end();
    }
  });

  test('attack 11: what is sent before the challenge is not executed, also when it came in one piece', async () => {
    const wire = await openWire(daemon.appSocket);
    const requests = [
      { jsonrpc: '2.0', id: 'create', method: 'blobs.create', params: {} },
      { jsonrpc: '2.0', id: 'hello', method: 'session.hello', params: HELLO },
      { jsonrpc: '2.0', id: 'chat', method: 'llm.chat', params: { messages: [] } },
    ];
    wire.sendRaw(requests.map((request) => `${JSON.stringify(request)}\n`).join(''));
    for (const id of ['create', 'chat']) {
      const { error } = await wire.next((message) => message.id === id);
      expect(error?.data.reason).toBe('Unauthenticated');
    }
    wire.end();
  });

  test('attack 13: a lower protocol version is refused, and the end', async () => {
    const wire = await openWire(daemon.appSocket);
    const { error } = await wire.call('session.hello', { ...HELLO, protocol: { min: 0, max: 0 } });
    expect(error?.data).toMatchObject({
      reason: 'IncompatibleVersion',
      details: { supported: { min: 1, max: 1 } },
    });
    await wire.closed();
  });

  test('attack 13: an app that also speaks lower versions gets the highest', async () => {
    const wire = await openWire(daemon.appSocket);
    const { result } = await wire.call('session.hello', { ...HELLO, protocol: { min: 0, max: 9 } });
    expect(result?.['protocol']).toBe(1);
    wire.end();
  });

  test('authenticate twice is Conflict and the end', async () => {
    const wire = await openWire(daemon.appSocket);
    await authenticate(wire, notes);
    const { proof } = await recordProof();
    expect((await wire.call('session.authenticate', proof)).error?.data.reason).toBe('Conflict');
    await wire.closed();
  });

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'session.', ''])(
    'the method %j is no method, before a session and in one',
    async (method) => {
      const wire = await openWire(daemon.appSocket);
      expect((await wire.call(method, {})).error?.data.reason).toBe('Unauthenticated');
      await authenticate(wire, notes);
      expect((await wire.call(method, {})).error?.data.reason).toBe('MethodNotFound');
      wire.end();
    },
  );

  test.runIf(process.platform === 'linux')(
    'where no code identity exists, enrolling answers as any method does before a session',
    async () => {
      const refused = await openWire(daemon.appSocket);
      const { error: usual } = await refused.call('grants.list', {});
      const { error: blank } = await refused.call('session.enroll', {});
      refused.end();
      const errors: unknown[] = [usual, blank];
      for (const appId of [notes.appId, 'acme/unknown', '__proto__']) {
        const wire = await openWire(daemon.appSocket);
        await wire.call('session.hello', HELLO);
        const zeros = Buffer.alloc(32).toString('base64');
        const { error } = await wire.call('session.enroll', {
          appId,
          manifestDigest: notes.manifestDigest,
          publicKey: zeros,
          nonce: zeros,
          pid: process.pid,
          signature: zeros,
        });
        errors.push(error);
        wire.end();
      }
      expect(errors[0]).toMatchObject({ data: { reason: 'Unauthenticated' } });
      expect(new Set(errors.map((error) => JSON.stringify(error))).size).toBe(1);
    },
  );

  test('a manifest that was edited by one byte after the install opens no session', async () => {
    const path = join(daemon.home, 'data/apps', edited.appId, 'locara.json');
    const bytes = readFileSync(path);
    writeFileSync(path, Buffer.concat([bytes, Buffer.from(' ')]));
    const refused = await openWire(daemon.appSocket);
    const answer = await authenticate(refused, edited);
    expect(checkOf(daemon.logFile, answer)).toBe('manifest');
    writeFileSync(path, bytes);
    const restored = await openWire(daemon.appSocket);
    expect((await authenticate(restored, edited)).result).toBeDefined();
    restored.end();
  });

  test('a second hello, and hello in a session, are Conflict and the end', async () => {
    const twice = await openWire(daemon.appSocket);
    await twice.call('session.hello', HELLO);
    expect((await twice.call('session.hello', HELLO)).error?.data.reason).toBe('Conflict');
    await twice.closed();
    const late = await openWire(daemon.appSocket);
    await authenticate(late, notes);
    expect((await late.call('session.hello', HELLO)).error?.data.reason).toBe('Conflict');
    await late.closed();
  });

  test('no common version is IncompatibleVersion with what is supported', async () => {
    const wire = await openWire(daemon.appSocket);
    const { error } = await wire.call('session.hello', {
      protocol: { min: 2, max: 9 },
      client: { name: 'x', version: '1' },
    });
    expect(error?.data).toMatchObject({
      reason: 'IncompatibleVersion',
      details: { supported: { min: 1, max: 1 } },
    });
  });

  test('authenticate without hello is Unauthenticated', async () => {
    const wire = await openWire(daemon.appSocket);
    const answer = await wire.call('session.authenticate', {
      appId: notes.appId,
      manifestDigest: notes.manifestDigest,
      nonce: randomBytes(32).toString('base64'),
      pid: process.pid,
      signature: randomBytes(64).toString('base64'),
    });
    expect(checkOf(daemon.logFile, answer)).toBe('hello');
    await wire.closed();
  });
});
