import { generateKeyPairSync } from 'node:crypto';
import type { Params } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import { toRawPublicKey } from '../../../daemon/access/daemon-key.ts';
import type { HandshakeConnection } from '../../../daemon/access/handshake.ts';
import {
  type BenchApp,
  createApp,
  createHandshakeBench,
  HELLO,
  type HandshakeBench,
  MAC_BUILD,
} from '../../support/handshake-bench.ts';
import { rejectionOf } from '../../support/signed-package.ts';

const PROVEN: Partial<HandshakeConnection> = { judgeCode: () => ({ kind: 'proven' }) };

/** An app with a key of its own making, which the daemon does not know yet. */
function withOwnKey(installed: BenchApp): BenchApp & { readonly publicKey: Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { ...installed, privateKey, publicKey: toRawPublicKey(publicKey) };
}

type EnrollChanges = Partial<Params<'session.enroll'>>;

async function enroll(
  bench: HandshakeBench,
  app: ReturnType<typeof withOwnKey>,
  {
    connection = PROVEN,
    ...changes
  }: EnrollChanges & { connection?: Partial<HandshakeConnection> } = {},
): Promise<unknown> {
  const handshake = bench.open(connection);
  handshake.hello(HELLO);
  const publicKey = app.publicKey.toString('base64');
  const { signature, ...proof } = handshake.proofOf(app, changes);
  return handshake.enroll({ publicKey, ...proof, signature, ...changes });
}

function authenticate(bench: HandshakeBench, app: BenchApp): unknown {
  const handshake = bench.open(PROVEN);
  handshake.hello(HELLO);
  return handshake.authenticate(handshake.proofOf(app));
}

describe('enrolling', () => {
  test('makes a key of the app itself the one that proves it', async () => {
    const installed = createApp({ build: MAC_BUILD });
    const bench = createHandshakeBench([installed]);
    const app = withOwnKey(installed);
    expect(await enroll(bench, app)).toEqual({ enrolled: true });
    expect(authenticate(bench, app)).toMatchObject({ attestation: 'os-code-identity' });
    expect((await rejectionOf(() => authenticate(bench, installed))).reason).toBe(
      'Unauthenticated',
    );
  });

  test('again, after the container was reset, ends the sessions of the key before', async () => {
    const installed = createApp({ build: MAC_BUILD });
    const ended: string[] = [];
    const listener = {
      onModelsChanged: () => undefined,
      onStoreFilling: () => undefined,
      onGrantsChanged: () => undefined,
      onEnded: () => void ended.push('ended'),
    };
    const bench = createHandshakeBench([installed], { listener });
    const [first, second] = [withOwnKey(installed), withOwnKey(installed)];
    await enroll(bench, first);
    authenticate(bench, first);
    await enroll(bench, first);
    expect(ended).toEqual([]);
    await enroll(bench, second);
    expect(ended).toEqual(['ended']);
    expect(authenticate(bench, second)).toBeDefined();
  });

  test('ends the connection: the session is opened on another, with the new key', async () => {
    const installed = createApp({ build: MAC_BUILD });
    const bench = createHandshakeBench([installed]);
    const app = withOwnKey(installed);
    const handshake = bench.open(PROVEN);
    handshake.hello(HELLO);
    const proof = handshake.proofOf(app);
    await handshake.enroll({ ...proof, publicKey: app.publicKey.toString('base64') });
    expect(handshake.isClosing()).toBe(true);
    const refusal = await rejectionOf(() => handshake.authenticate(handshake.proofOf(app)));
    expect(refusal.reason).toBe('Unauthenticated');
  });

  test('in a session is a Conflict', async () => {
    const installed = createApp({ build: MAC_BUILD });
    const handshake = createHandshakeBench([installed]).open(PROVEN);
    handshake.hello(HELLO);
    const proof = handshake.proofOf(installed);
    handshake.authenticate(proof);
    const again = { ...proof, publicKey: Buffer.alloc(32).toString('base64') };
    expect((await rejectionOf(() => handshake.enroll(again))).reason).toBe('Conflict');
  });

  test('where the system recognises no code is Unavailable, whatever is sent', async () => {
    const installed = createApp({ build: MAC_BUILD });
    const bench = createHandshakeBench([installed], { canEnroll: false });
    const errors = [];
    for (const appId of ['acme/notes', 'acme/unknown']) {
      errors.push(await rejectionOf(() => enroll(bench, withOwnKey(installed), { appId })));
    }
    for (const error of errors) {
      expect(error.toWire()).toEqual(errors[0]?.toWire());
      expect(error.details).toEqual({ rule: 'os_code_identity' });
    }
  });
});

describe('enrolling is refused, in one answer, when', () => {
  const installed = createApp({ build: MAC_BUILD });
  const plain = createApp({ name: 'plain' });
  const development = createApp({ name: 'dev', build: MAC_BUILD }, { attestation: 'development' });
  const revoked = createApp({ name: 'revoked', build: MAC_BUILD }, { revoked: true });
  const zeros = Buffer.alloc(32).toString('base64');
  type Changes = Parameters<typeof enroll>[2];
  const cases: [string, string, BenchApp, Changes][] = [
    ['the app is not installed', 'app', createApp({ name: 'unknown', build: MAC_BUILD }), {}],
    ['the app is revoked', 'revoked', revoked, {}],
    ['the digest is another', 'digest', installed, { manifestDigest: `sha256:${'0'.repeat(64)}` }],
    ['the pid is another', 'pid', installed, { pid: 1 }],
    ['the nonce is short', 'nonce', installed, { nonce: 'AAAA' }],
    ['the key is another than the one that signed', 'signature', installed, { publicKey: zeros }],
    ['the key is no key', 'signature', installed, { publicKey: 'AAAA' }],
    ['the signature is none', 'signature', installed, { signature: '' }],
    ['the app declares no code', 'tier', plain, { connection: {} }],
    ['the app is one of development', 'tier', development, {}],
    [
      'the code is not the declared one',
      'code',
      installed,
      {
        connection: { judgeCode: () => ({ kind: 'refused', why: 'requirement', status: -67050 }) },
      },
    ],
    [
      'the audit token changed',
      'peer',
      installed,
      { connection: { ...PROVEN, isPeerUnchanged: () => false } },
    ],
    [
      'the peer is another user',
      'uid',
      installed,
      { connection: { ...PROVEN, peer: { uid: 99_999, pid: process.pid } } },
    ],
  ];

  test.each(cases)('%s', async (_, check, app, changes) => {
    const bench = createHandshakeBench([installed, plain, development, revoked]);
    const error = await rejectionOf(() => enroll(bench, withOwnKey(app), changes));
    expect(error.toWire()).toMatchObject({
      message:
        'The proof of identity failed; the log of the daemon says which check, by this errorId.',
      data: { reason: 'Unauthenticated' },
    });
    expect(bench.logged.at(-1)).toMatchObject({ check });
    expect(
      bench.registry.find(app.record.appId)?.installPublicKey ?? app.record.installPublicKey,
    ).toBe(app.record.installPublicKey);
  });

  test('the app is revoked while its key is stored', async () => {
    const bench = createHandshakeBench([installed]);
    const revoking = bench.registry.update('acme/notes', (record) => ({
      ...record,
      revoked: true,
    }));
    const error = await rejectionOf(() => enroll(bench, withOwnKey(installed)));
    await revoking;
    expect(error.reason).toBe('Unauthenticated');
  });
});
