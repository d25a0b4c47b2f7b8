import { expect, test } from 'vitest';
import { examineMemory } from '../../../daemon/doctor/examine-memory.ts';
import type { MemoryStatus } from '../../../daemon/scheduler/engines.ts';

const MEMORY: MemoryStatus = {
  limitBytes: 20_000_000_000,
  heldBytes: 155_900_000,
  availableBytes: 19_844_100_000,
  maxContextTokens: 8192,
  pressure: 'normal',
};

const look = (memory: Partial<MemoryStatus> = {}) => examineMemory({ ...MEMORY, ...memory });

test('it tells the limit, what is held and what is free', () => {
  expect(look()[0]?.title).toBe(
    'Models may take 20,000 MB of memory together; they hold 155 MB, and 19,844 MB could be taken now.',
  );
});

test('it tells the context that every app gets', () => {
  expect(look()[1]?.title).toContain('at most 8192 tokens of context');
});

test('memory that is not short is nothing to do', () => {
  expect(look().map(({ level }) => level)).toEqual(['ok', 'ok']);
});

test.each([
  ['warning', 'Memory is short'],
  ['critical', 'Memory is very short'],
] as const)('pressure %s is a warning with its cure', (pressure, title) => {
  expect(look({ pressure }).at(-1)).toMatchObject({
    level: 'warning',
    title: expect.stringContaining(title) as string,
    fix: expect.any(String) as string,
  });
});
