import { methods, RpcError } from '@locara/protocol';
import { expect, test } from 'vitest';
import type { Handshake } from '../../../daemon/access/handshake.ts';
import type { Session } from '../../../daemon/access/session.ts';
import { dispatch, parseParams } from '../../../daemon/rpc/dispatcher.ts';
import type { Handlers } from '../../../daemon/rpc/handler.ts';
import { beginTurns } from '../../../daemon/turns.ts';

function issuesOf(params: unknown, method: 'llm.chat' | 'db.exec' = 'llm.chat'): unknown {
  try {
    parseParams(methods[method].params, params, method);
  } catch (error) {
    if (error instanceof RpcError) return error.details?.['issues'];
  }
  return undefined;
}

const messages = [{ role: 'user', content: 'hi' }];

test('an unknown key is named by its path', () => {
  const nested = [{ role: 'user', content: 'hi', nope: 1 }];
  expect(issuesOf({ messages, one: 1, two: 2 })).toEqual([
    { path: 'one', rule: 'unknown key' },
    { path: 'two', rule: 'unknown key' },
  ]);
  expect(issuesOf({ messages: nested })).toEqual([
    { path: 'messages.0.nope', rule: 'unknown key' },
  ]);
  expect(
    issuesOf(JSON.parse('{"messages":[{"role":"user","content":""}],"__proto__":{}}')),
  ).toEqual([{ path: '__proto__', rule: 'unknown key' }]);
});

test('long and many unknown keys do not make a long answer', () => {
  const keys = Array.from({ length: 500 }, (_, index) => `${index}${'x'.repeat(1000)}`);
  const issues = issuesOf({ messages, ...Object.fromEntries(keys.map((key) => [key, 1])) });
  expect(issues).toHaveLength(20);
  expect(JSON.stringify(issues).length).toBeLessThan(3000);
});

test('values never come back', () => {
  const issues = issuesOf({ messages: [{ role: 'secret', content: 'secret' }], seed: 'secret' });
  expect(issues).toHaveLength(2);
  expect(JSON.stringify(issues)).not.toContain('secret');
});

test('a call that lacks one capability is told as that denial, and as no use of the others', async () => {
  const told: unknown[] = [];
  const call = dispatch(
    {} as Handlers,
    { method: 'db.exec', params: {} },
    {
      handshake: { canEnroll: false } as Partial<Handshake> as Handshake,
      session: {
        appId: 'a/b',
        has: (capability) => capability === 'store:sql',
      } as Partial<Session> as Session,
      signal: new AbortController().signal,
      turns: beginTurns(),
      sendChunk: () => Promise.reject(new Error('unexpected chunk')),
      onBegin: () => undefined,
      sendProgress: () => undefined,
      onRequire: (...answer) => told.push(answer),
    },
  );
  await expect(call).rejects.toMatchObject({ reason: 'CapabilityDenied' });
  expect(told).toEqual([['store:write', false]]);
});

test('a call that is aborted while others had their turn is not begun', async () => {
  const controller = new AbortController();
  const begun: string[] = [];
  const handlers: Partial<Handlers> = {
    'rpc.discover': () => {
      begun.push('rpc.discover');
      return { openrpc: '1.3.2' };
    },
  };
  const revoked = new RpcError('CapabilityDenied', 'revoked');
  const call = dispatch(
    handlers as Handlers,
    { method: 'rpc.discover', params: {} },
    {
      handshake: { canEnroll: false } as Partial<Handshake> as Handshake,
      session: { appId: 'a/b', has: () => true } as Partial<Session> as Session,
      signal: controller.signal,
      turns: {
        areOver: () => true,
        next: () => {
          controller.abort(revoked);
          return Promise.resolve();
        },
      },
      sendChunk: () => Promise.reject(new Error('unexpected chunk')),
      onBegin: () => undefined,
      sendProgress: () => undefined,
      onRequire: () => undefined,
    },
  );
  await expect(call).rejects.toBe(revoked);
  expect(begun).toEqual([]);
});

test.each([
  [['one', []], 'params.1', 'matches none of the accepted shapes'],
  [[{ int64: 'many' }], 'params.0.int64', 'a decimal 64-bit integer'],
  [{ $one: { base64: '?' } }, 'params.$one.base64', 'standard, padded base64'],
  [7, 'params', 'matches none of the accepted shapes'],
])('of several shapes, the issue is told of the one that was meant: %j', (params, path, rule) => {
  expect(issuesOf({ sql: 'SELECT 1', params }, 'db.exec')).toEqual([{ path, rule }]);
});
