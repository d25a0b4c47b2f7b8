import { expect, test } from 'vitest';
import { satisfiesSchema } from '../../../../../daemon/workers/llm/schema/validate-output.ts';

test('a member with a quote in its name is known, whatever members were read before', () => {
  const schemaOf = (name: string) => ({
    type: 'object',
    properties: { a: { type: 'integer' }, [name]: { type: 'integer' } },
  });
  for (const name of ['\\', '"', '\\"a', '"aa']) {
    expect(satisfiesSchema(JSON.stringify({ a: 1, [name]: 2 }), schemaOf(name)), name).toBe(true);
  }
});
