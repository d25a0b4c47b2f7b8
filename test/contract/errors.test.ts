import { ERRORS, methods, type MethodSpec, RpcError } from '@locara/protocol';
import { expect, test } from 'vitest';

/** As the contract prints it; written out here so that a change of the table is seen. */
const PUBLISHED: Record<string, [code: number, retryable: boolean]> = {
  ParseError: [-32700, false],
  InvalidRequest: [-32600, false],
  MethodNotFound: [-32601, false],
  InvalidParams: [-32602, false],
  InternalError: [-32603, false],
  Unauthenticated: [-32001, false],
  CapabilityDenied: [-32003, false],
  NotFound: [-32004, false],
  Timeout: [-32008, true],
  Conflict: [-32009, false],
  PayloadTooLarge: [-32013, false],
  UnsupportedMedia: [-32015, false],
  ContextOverflow: [-32022, false],
  QuotaExceeded: [-32024, false],
  IncompatibleVersion: [-32026, false],
  Busy: [-32029, true],
  WorkerCrashed: [-32050, true],
  Unavailable: [-32053, false],
  InsufficientResources: [-32057, false],
  Cancelled: [-32800, false],
};

test('the error table is the published one', () => {
  const table = Object.fromEntries(
    Object.entries(ERRORS).map(([reason, { code, retryable }]) => [reason, [code, retryable]]),
  );
  expect(table).toEqual(PUBLISHED);
});

test('codes are unique', () => {
  const codes = Object.values(ERRORS).map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
});

test('every reason a method names exists', () => {
  for (const spec of Object.values(methods) as MethodSpec[]) {
    for (const reason of spec.errors ?? []) expect(ERRORS).toHaveProperty(reason);
  }
});

test('the wire form carries reason, retryable and nothing that is not set', () => {
  const wire = new RpcError('Busy', 'full', { details: { retryAfterMs: 5 } }).toWire();
  expect(wire).toEqual({
    code: -32029,
    message: 'full',
    data: { reason: 'Busy', retryable: true, details: { retryAfterMs: 5 } },
  });
});
