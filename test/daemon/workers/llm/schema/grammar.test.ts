import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { Engine } from '../../../../../daemon/workers/engine.ts';
import { createLlmEngine } from '../../../../../daemon/workers/llm/engine.ts';
import type { LlmOps } from '../../../../../daemon/workers/llm/ops.ts';
import { toGrammarSchema } from '../../../../../daemon/workers/llm/schema/response-schema.ts';
import { satisfiesSchema } from '../../../../../daemon/workers/llm/schema/validate-output.ts';
import { recordCall } from '../../../../fakes/engine-call.ts';
import { unpackEmbeddedModel } from '../../../../support/embedded-model.ts';
import { CALLER } from '../../../../support/llm-caller.ts';
import { cpuMsDuring } from '../../../../support/cpu-time.ts';

let engine: Engine<LlmOps>;
beforeAll(async () => {
  const modelPath = unpackEmbeddedModel('stories-260k');
  const start = { modelPath, contextTokens: 512, sequences: 2, threads: 1 };
  ({ engine } = await createLlmEngine({ ...start, purpose: 'generate' }));
});

const write = (schema: Record<string, unknown>, seed: number, maxTokens = 150) =>
  engine.generate(
    {
      caller: CALLER,
      input: { prompt: 'Lily said' },
      sampling: { stop: ['"'], schema, seed, temperature: 1.5, maxTokens },
    },
    recordCall(),
  );

type Schema = Record<string, unknown>;
const name = fc.string({ unit: fc.constantFrom('a', 'é', '"', '\\', ' ', '😀'), maxLength: 4 });
const length = fc.integer({ min: 0, max: 4 });
const leaf: fc.Arbitrary<Schema> = fc.oneof(
  fc.constantFrom('integer', 'number', 'boolean', 'null').map((type): Schema => ({ type })),
  fc.constant<Schema>({ type: ['boolean', 'null'] }),
  fc
    .constantFrom('date', 'time', 'date-time')
    .map((format): Schema => ({ type: 'string', format })),
  fc
    .tuple(length, length)
    .map(([min, more]): Schema => ({ type: 'string', minLength: min, maxLength: min + more })),
  fc
    .array(fc.oneof(name, fc.integer(), fc.boolean()), { minLength: 1, maxLength: 3 })
    .map((own): Schema => ({ enum: own })),
  name.map((own): Schema => ({ const: own })),
);
const { tree } = fc.letrec<{ tree: Schema }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc
      .tuple(
        fc.uniqueArray(name, { maxLength: 3 }),
        fc.array(tie('tree'), { minLength: 3, maxLength: 3 }),
        fc.boolean(),
      )
      .map(([names, own, isRequired]): Schema => ({
        type: 'object',
        properties: Object.fromEntries(names.map((key, index) => [key, own[index]])),
        ...(isRequired ? { required: names } : {}),
      })),
    fc.tuple(tie('tree'), length, length).map(([items, min, more]): Schema => ({
      type: 'array',
      items,
      minItems: min,
      maxItems: min + more,
    })),
    fc
      .tuple(tie('tree'), tie('tree'))
      .map((prefixItems): Schema => ({ type: 'array', prefixItems })),
    fc.tuple(tie('tree'), tie('tree')).map((oneOf): Schema => ({ oneOf })),
  ),
}));

test('whatever is written by a schema satisfies it, or says that it was cut', async () => {
  await fc.assert(
    fc.asyncProperty(tree, fc.integer({ min: 0, max: 2 ** 31 }), async (schema, seed) => {
      const { content, finishReason } = await write(schema, seed);
      if (finishReason === 'length') return;
      expect(satisfiesSchema(content, toGrammarSchema(schema)), content).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('members that are not required may be left out', async () => {
  const schema = { type: 'object', properties: { a: { const: 1 }, b: { const: 2 } } };
  const texts = new Set<string>();
  for (let seed = 0; seed < 30; seed++) {
    texts.add(JSON.stringify(JSON.parse((await write(schema, seed)).content)));
  }
  expect([...texts].toSorted()).toEqual(expect.arrayContaining(['{"a":1,"b":2}', '{"b":2}']));
  expect(['{}', '{"a":1}', '{"b":2}', '{"a":1,"b":2}']).toEqual(expect.arrayContaining([...texts]));
});

test('what was cut is said to be', async () => {
  const schema = { type: 'array', items: { type: 'integer' }, minItems: 200 };
  expect(await write(schema, 1, 20)).toMatchObject({
    finishReason: 'length',
    completionTokens: 20,
  });
});

test.each([
  ['a string of 512', { type: 'string', maxLength: 512 }],
  [
    'lists in lists',
    {
      type: 'array',
      maxItems: 200,
      items: { type: 'array', maxItems: 200, items: { type: 'null' } },
    },
  ],
  ['256 values', { enum: Array.from({ length: 256 }, (_value, index) => `value ${index}`) }],
  [
    '500 members',
    {
      type: 'object',
      properties: Object.fromEntries(
        Array.from({ length: 500 }, (_v, at) => [`m${at}`, { type: 'null' }]),
      ),
    },
  ],
])('the largest schemas become a grammar in no time: %s', async (_name, schema) => {
  expect(await cpuMsDuring(async () => write(schema, 1, 8))).toBeLessThan(3000);
});
