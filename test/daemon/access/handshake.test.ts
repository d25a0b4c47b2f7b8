import { describe, expect, test } from 'vitest';
import { createAppRegistry } from '../../../daemon/access/apps/create-app-registry.ts';
import type { CodeFinding } from '../../../daemon/transport/peer-code.ts';
import { median } from '../../bench/measure.ts';
import { silentLog } from '../../fakes/silent-log.ts';
import {
  type BenchApp,
  createApp,
  createHandshakeBench,
  HELLO,
  MAC_BUILD,
} from '../../support/handshake-bench.ts';
import { NO_BLOCKS } from '../../support/install-bench.ts';
import { rejectionOf } from '../../support/signed-package.ts';
import { createPaths } from '../../support/home-paths.ts';

const notes = createApp();
const MISMATCH: CodeFinding = { kind: 'refused', why: 'requirement', status: -67050 };

test('a failed proof neither makes room for a second hello nor leaves its nonce usable', async () => {
  const { open } = createHandshakeBench([notes]);
  const handshake = open();
  handshake.hello(HELLO);
  const proof = handshake.proofOf(notes);
  const forged = { ...proof, signature: Buffer.alloc(64).toString('base64') };
  expect((await rejectionOf(() => handshake.authenticate(forged))).reason).toBe('Unauthenticated');
  expect(handshake.isClosing()).toBe(true);
  expect((await rejectionOf(() => handshake.hello(HELLO))).reason).toBe('Conflict');
  expect((await rejectionOf(() => handshake.authenticate(proof))).reason).toBe('Unauthenticated');
});

test('the answer tells the grants that the session has, not what the record would give', () => {
  const { open, sessions } = createHandshakeBench([notes]);
  const handshake = open({
    onAuthenticated: (record, attestation) => {
      const listener = {
        onModelsChanged: () => undefined,
        onStoreFilling: () => undefined,
        onGrantsChanged: () => undefined,
        onEnded: () => undefined,
      };
      const session = sessions.open({ record, attestation, pid: 1 }, listener);
      return Object.assign(session, {
        grants: () => [{ capability: 'store:read', state: 'denied' as const }],
      });
    },
  });
  handshake.hello(HELLO);
  const { grants } = handshake.authenticate(handshake.proofOf(notes));
  expect(grants).toEqual([{ capability: 'store:read', state: 'denied' }]);
});

test('an app whose locara.json was edited is refused', async () => {
  const { open, edited, logged } = createHandshakeBench([notes]);
  edited.add(notes.record.appId);
  const handshake = open();
  handshake.hello(HELLO);
  const proof = handshake.proofOf(notes);
  expect((await rejectionOf(() => handshake.authenticate(proof))).reason).toBe('Unauthenticated');
  expect(logged.at(-1)).toMatchObject({ check: 'manifest', appId: 'acme/notes' });
});

test('an app that the revocation list names is refused', async () => {
  const block = { reason: 'malware', seq: 1 };
  const blocks = { ...NO_BLOCKS, find: () => block };
  const { open, logged } = createHandshakeBench([notes], { blocks });
  const handshake = open();
  handshake.hello(HELLO);
  const proof = handshake.proofOf(notes);
  expect((await rejectionOf(() => handshake.authenticate(proof))).reason).toBe('Unauthenticated');
  expect(logged.at(-1)).toMatchObject({ check: 'blocked' });
});

describe('the code of the peer', () => {
  const signed = createApp({ build: MAC_BUILD });
  const cases: [string, ReturnType<typeof createApp>, CodeFinding, string][] = [
    ['is none is asked for', notes, { kind: 'unasked' }, 'install-key'],
    ['is the declared one', signed, { kind: 'proven' }, 'os-code-identity'],
    [
      'is the declared one of a development app',
      createApp({ build: MAC_BUILD }, { attestation: 'development' }),
      { kind: 'proven' },
      'development',
    ],
  ];
  test.each(cases)('when it %s, the session says so', (_, app, finding, attestation) => {
    const handshake = createHandshakeBench([app]).open({ judgeCode: () => finding });
    handshake.hello(HELLO);
    expect(handshake.authenticate(handshake.proofOf(app))).toMatchObject({ attestation });
  });

  test('that is not the declared one ends it, in the words of every refusal', async () => {
    const { open, logged } = createHandshakeBench([signed]);
    const handshake = open({ judgeCode: () => MISMATCH });
    handshake.hello(HELLO);
    const proof = handshake.proofOf(signed);
    const error = await rejectionOf(() => handshake.authenticate(proof));
    expect(error.message).toMatch(/^The proof of identity failed;/);
    expect(logged.at(-1)).toMatchObject({ check: 'code', reason: 'requirement', code: -67050 });
  });

  test('is asked about what the manifest declares, and asked also for an app that is unknown', async () => {
    const asked: unknown[] = [];
    const { open } = createHandshakeBench([signed]);
    const unknown = createApp({ name: 'unknown', build: MAC_BUILD });
    for (const app of [signed, unknown]) {
      const handshake = open({
        judgeCode: (demanded) => {
          asked.push(demanded);
          return { kind: 'unasked' };
        },
      });
      handshake.hello(HELLO);
      const proof = handshake.proofOf(app);
      if (app === signed) handshake.authenticate(proof);
      else await rejectionOf(() => handshake.authenticate(proof));
    }
    expect(asked).toEqual([MAC_BUILD.macos, undefined]);
  });

  test('attack 19: is asked about before the second reading of the audit token, which must be the last', () => {
    const order: string[] = [];
    const handshake = createHandshakeBench([signed]).open({
      judgeCode: () => {
        order.push('code');
        return { kind: 'proven' };
      },
      isPeerUnchanged: () => {
        order.push('token');
        return true;
      },
    });
    handshake.hello(HELLO);
    handshake.authenticate(handshake.proofOf(signed));
    expect(order).toEqual(['code', 'token']);
  });

  test('attack 19: a peer whose audit token changed since the nonce is refused', async () => {
    const { open, logged } = createHandshakeBench([signed]);
    const handshake = open({ judgeCode: () => ({ kind: 'proven' }), isPeerUnchanged: () => false });
    handshake.hello(HELLO);
    const proof = handshake.proofOf(signed);
    expect((await rejectionOf(() => handshake.authenticate(proof))).reason).toBe('Unauthenticated');
    expect(logged.at(-1)).toMatchObject({ check: 'peer' });
  });
});

describe('a refusal takes as long for an app that is installed as for one that is not', () => {
  const ROUNDS = 2000;
  const unknown = createApp({ name: 'unknown' });

  test.each([
    ['that is well formed', undefined],
    ['that is nonsense', Buffer.alloc(64, 255).toString('base64')],
  ])('with a signature %s', { retry: 5 }, async (_, signature) => {
    const paths = createPaths();
    const registry = await createAppRegistry({ paths, log: silentLog });
    const { record, manifestBytes } = notes;
    await registry.put(record, { manifestBytes });
    // What was written a moment ago is read again at every proof.
    await new Promise((settled) => setTimeout(settled, 250));
    const { open } = createHandshakeBench([], { registry });
    const refuse = (app: BenchApp): number => {
      const handshake = open();
      handshake.hello(HELLO);
      // The key is a stranger's, whoever the app is.
      const proof = handshake.proofOf({ ...app, privateKey: unknown.privateKey });
      const sent = { ...proof, ...(signature === undefined ? {} : { signature }) };
      const startedAt = performance.now();
      expect(() => handshake.authenticate(sent)).toThrow('proof of identity');
      return performance.now() - startedAt;
    };
    const known: number[] = [];
    const strange: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      known.push(refuse(notes));
      strange.push(refuse(unknown));
    }
    const ratio = median(known) / median(strange);
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.1);
  });
});
