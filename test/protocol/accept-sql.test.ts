import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acceptsBatch, acceptsBatchResult, acceptsRows } from '../../protocol/accept-sql.ts';
import { methods } from '../../protocol/index.ts';

const scalar = fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), fc.string());
const value = fc.oneof(
  { arbitrary: scalar, weight: 20 },
  fc.constant(null),
  fc.boolean(),
  fc.double(),
  fc.integer(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\ud800', undefined, [], {}, new Date(0), new Map(), 7n),
  fc.record({ base64: fc.constantFrom('', 'AA==', 'A', '=', 7) }),
  fc.record({ int64: fc.constantFrom('1', 'x', 'valueOf') }),
  fc.record({ f32: fc.constantFrom('AACAPw==', 7), base64: fc.constantFrom('AA==') }),
);
const list = fc.array(value, { maxLength: 3 });
const key = fc.oneof(
  fc.constantFrom('sql', 'params', 'rows', 'cursor', 'changed', 'changes', 'lastInsertRowid'),
  fc.constantFrom('__proto__', 'constructor', 'length', 'x', ''),
);
const dictionary = fc.array(fc.tuple(key, value), { maxLength: 3 }).map((entries) => {
  const made: Record<string, unknown> = {};
  // As JSON.parse does it, `__proto__` included.
  for (const [name, entry] of entries) {
    Object.defineProperty(made, name, {
      value: entry,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return made;
});
const statement = fc.oneof(
  dictionary,
  value,
  fc.record({ sql: fc.oneof(fc.string(), value), params: fc.oneof(list, dictionary) }),
  fc.record({ sql: fc.string(), params: list, x: value }, { requiredKeys: ['sql'] }),
  { arbitrary: fc.record({ sql: fc.string({ minLength: 1 }), params: list }), weight: 5 },
);
const executed = fc.oneof(
  dictionary,
  fc.record({ changes: value, lastInsertRowid: value }),
  fc.record({ changes: fc.integer(), lastInsertRowid: fc.integer() }),
);

/** What the check lets pass, the schema lets pass too, and leaves as it is. */
function assertNarrower(
  candidates: fc.Arbitrary<unknown>,
  accepts: (candidate: unknown) => boolean,
  parse: (candidate: unknown) => unknown,
): void {
  let accepted = 0;
  fc.assert(
    fc.property(candidates, (candidate) => {
      if (!accepts(candidate)) return;
      accepted += 1;
      // Not `toStrictEqual`, which takes a key `constructor` for the class.
      expect(isDeepStrictEqual(parse(candidate), candidate)).toBe(true);
    }),
    { numRuns: 3000 },
  );
  expect(accepted).toBeGreaterThan(20);
}

describe('what passes without its schema passes the schema too', () => {
  test('as params of db.batch', () => {
    const candidates = fc.oneof(
      fc.record({ statements: fc.array(statement, { maxLength: 3 }) }),
      fc.record({ statements: fc.oneof(statement, value), x: value }, { requiredKeys: [] }),
    );
    assertNarrower(candidates, acceptsBatch, (params) => methods['db.batch'].params.parse(params));
  });

  test('as a result of db.batch', () => {
    const candidates = fc.oneof(
      fc.record({ results: fc.array(executed, { maxLength: 3 }) }),
      fc.record({ results: value, x: value }, { requiredKeys: [] }),
    );
    assertNarrower(candidates, acceptsBatchResult, (result) =>
      methods['db.batch'].result.parse(result),
    );
  });

  test('as a result of db.query', () => {
    const candidates = fc.record(
      {
        rows: fc.oneof(fc.array(dictionary, { maxLength: 3 }), list, value),
        cursor: fc.oneof(fc.string(), value),
        changed: fc.boolean(),
        x: value,
      },
      { requiredKeys: ['rows'] },
    );
    assertNarrower(candidates, acceptsRows, (result) => methods['db.query'].result.parse(result));
  });
});

test.each([
  { statements: [] },
  { statements: [{ sql: '', params: [] }] },
  { statements: [{ sql: 'x'.repeat(262_145), params: [] }] },
  { statements: [{ sql: '\ud800', params: [] }] },
  { statements: [{ sql: 'x', params: Array.from({ length: 32_767 }, () => 1) }] },
  { statements: Array.from({ length: 10_001 }, () => ({ sql: 'x', params: [] })) },
  { statements: [{ sql: 'x', params: [Infinity] }] },
  { statements: [{ sql: 'x', params: ['\ud800'] }] },
  JSON.parse('{"statements":[{"sql":"x","params":[{"__proto__":1}]}]}') as unknown,
  JSON.parse('{"statements":[{"sql":"x","params":[],"__proto__":1}]}') as unknown,
])('leaves what is wrong to the schema (%#)', (params) => {
  expect(acceptsBatch(params)).toBe(false);
});

test('leaves a hole in a list to the schema', () => {
  expect(acceptsBatch({ statements: [{ sql: 'x', params: [1, , 2] }] })).toBe(false);
});
