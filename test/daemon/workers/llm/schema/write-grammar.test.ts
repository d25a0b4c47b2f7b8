import { expect, test } from 'vitest';
import {
  writeChoice,
  writeGrammar,
} from '../../../../../daemon/workers/llm/schema/write-grammar.ts';

test('an integer has no exponent, whatever a number has', () => {
  expect(writeGrammar({ type: 'integer' })).not.toContain('[eE]');
  expect(writeGrammar({ type: 'number' })).toContain('[eE]');
});

test('no escape of a string makes half a character', () => {
  expect(writeGrammar({ type: 'string' })).toContain('[dD] [0-7] [0-9a-fA-F]{2}');
});

test('a member that is required has no way around it, and another has', () => {
  const properties = { a: { type: 'null' } };
  const open = writeGrammar({ type: 'object', properties, required: [] });
  const closed = writeGrammar({ type: 'object', properties, required: ['a'] });
  expect(closed).toContain(String.raw`::= "\"a\":" [ ]? r0 ""`);
  expect(closed).not.toContain('|');
  expect(open).toContain(String.raw`::= "\"a\":" [ ]? r0 "" | ""`);
});

test('names that are texts of the grammar itself are only texts', () => {
  expect(writeChoice(['a"b', 'c\\'])).toBe(String.raw`root ::= "a\"b" | "c\\"`);
});
