import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readEnvelope } from '../../../daemon/rpc/envelope.ts';

const nothingOpen = () => false;

describe('readEnvelope', () => {
  test('sorts a request and takes the progress token out of its params', () => {
    const message = { jsonrpc: '2.0', id: 'a', method: 'm', params: { x: 1, progressToken: 't' } };
    expect(readEnvelope(message, nothingOpen)).toEqual({
      kind: 'request',
      id: 'a',
      method: 'm',
      params: { x: 1 },
      progressToken: 't',
    });
  });

  test.each([1, {}, null, 'x'.repeat(129)])(
    'refuses a progress token that is %j',
    (progressToken) => {
      const message = { jsonrpc: '2.0', id: 1, method: 'm', params: { progressToken } };
      expect(readEnvelope(message, nothingOpen)).toMatchObject({
        kind: 'refused',
        id: 1,
        error: { reason: 'InvalidParams', details: { issues: [{ path: 'progressToken' }] } },
      });
    },
  );

  test('an id in flight is invalid', () => {
    const message = { jsonrpc: '2.0', id: 1, method: 'm' };
    expect(readEnvelope(message, (id) => id === 1)).toMatchObject({ kind: 'invalid' });
    expect(readEnvelope({ ...message, id: '1' }, (id) => id === 1).kind).toBe('request');
  });

  test.each([null, 1.5, 2 ** 53, {}, [], true, 'x'.repeat(257)])('an id of %j is invalid', (id) => {
    expect(readEnvelope({ jsonrpc: '2.0', id, method: 'm' }, nothingOpen).kind).toBe('invalid');
  });

  test('never throws, and only well-formed messages become requests', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (message) => {
        const envelope = readEnvelope(message, nothingOpen);
        if (envelope.kind === 'request') {
          expect(message).toMatchObject({ jsonrpc: '2.0', method: envelope.method });
        }
      }),
    );
  });
});
