import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { END } from '../../../../fakes/byte-model.ts';
import {
  HERMES,
  LLAMA,
  SPECIALS,
  TOOLS,
  writeScript as write,
} from '../../../../support/write-script.ts';

describe('plain text', () => {
  test('characters of several bytes come out whole', async () => {
    const { deltas, content } = await write({ script: ['é日😀!', END] });
    expect(deltas).toEqual(['é', '日', '😀', '!']);
    expect(content).toBe('é日😀!');
  });

  test('any text arrives as it was, never with half a character', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
        const { content, deltas } = await write({ script: [text, END] });
        expect(content).toBe(text);
        for (const delta of deltas) expect(delta.isWellFormed()).toBe(true);
      }),
    );
  });

  test('what could begin a stop string waits, and goes out when it was none', async () => {
    const { deltas } = await write({ script: ['tttwo', END], stop: ['two!'] });
    expect(deltas).toEqual(['t', 't', 'two']);
  });

  test('the earliest stop string cuts the text', async () => {
    const script = ['a tale. The end. More', END] as const;
    const { content, finishReason } = await write({ script, stop: ['end', '. The'] });
    expect({ content, finishReason }).toEqual({ content: 'a tale', finishReason: 'stop' });
  });

  test('streamed text never has a stop string', async () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'é'), minLength: 1, maxLength: 4 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é'), maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(text, fc.array(word, { maxLength: 3 }), async (whole, stop) => {
        const { content } = await write({ script: [whole, END], stop });
        const cuts = stop.map((own) => whole.indexOf(own)).filter((at) => at >= 0);
        expect(content.startsWith(whole.slice(0, Math.min(whole.length, ...cuts)))).toBe(true);
        for (const own of stop) expect(content).not.toContain(own);
      }),
    );
  });

  test('special tokens that mean nothing here are left out', async () => {
    const script = ['a', { special: '<|im_start|>' }, 'b', END] as const;
    expect((await write({ script, specials: SPECIALS })).content).toBe('ab');
  });

  test('as many tokens as asked for, and no more', async () => {
    const { content, finishReason, completionTokens } = await write({
      script: ['abcdef', END],
      maxTokens: 4,
    });
    expect({ content, finishReason, completionTokens }).toEqual({
      content: 'abcd',
      finishReason: 'length',
      completionTokens: 4,
    });
  });
});

describe('thoughts', () => {
  test.each([
    ['as text', undefined],
    ['as special tokens', SPECIALS],
  ])('are kept apart from content, marked %s', async (_name, specials) => {
    const script =
      specials === undefined
        ? (['<think>\nhm, é\n</think>\n\nYes', END] as const)
        : ([{ special: '<think>' }, '\nhm, é\n', { special: '</think>' }, '\n\nYes', END] as const);
    const { content, reasoning } = await write({
      script,
      thought: true,
      ...(specials && { specials }),
    });
    expect({ content, reasoning }).toEqual({ content: 'Yes', reasoning: 'hm, é' });
  });

  test('that the prompt began end where the template ends them', async () => {
    const { content, reasoning } = await write({
      script: ['hm\n</think>\n\nYes', END],
      isThinking: true,
    });
    expect({ content, reasoning }).toEqual({ content: 'Yes', reasoning: 'hm' });
  });

  test('do not begin in the middle of an answer by text alone', async () => {
    const { content } = await write({ script: ['Use <think> tags.', END], thought: true });
    expect(content).toBe('Use <think> tags.');
  });

  test('are not cut by stop strings of the caller', async () => {
    const script = ['one. two\n</think>\n\nthree. four', END] as const;
    const { content, reasoning } = await write({ script, isThinking: true, stop: ['.'] });
    expect({ content, reasoning }).toEqual({ content: 'three', reasoning: 'one. two' });
  });

  test('come before the grammar of the answer', async () => {
    const { content, reasoning, grammars, read } = await write({
      script: ['hm\n</think>', '{"city":"Rome"}ignored', END],
      isThinking: true,
      schema: true,
    });
    expect({ content, reasoning }).toEqual({ content: '{"city":"Rome"}', reasoning: 'hm' });
    expect(grammars).toEqual([{ grammar: 'schema' }]);
    expect(read).toBe('hm\n</think>\n\n{"city":"Rome"');
  });

  test('that end the text are closed where an answer has to follow', async () => {
    const { content, read } = await write({
      script: ['hm', END, '{"city":"Rome"}'],
      isThinking: true,
      schema: true,
    });
    expect(content).toBe('{"city":"Rome"}');
    expect(read.startsWith('hm\n</think>\n\n{')).toBe(true);
  });
});

describe('calls', () => {
  const ROME = '{"city": "Rome"}';

  test('are cut out of the content, several in a turn', async () => {
    const { content, calls, finishReason } = await write({
      script: ['Let me see.\n<tool_call>', 'weather"', ROME, '\n<tool_call>', 'time"', '', END],
      syntax: HERMES,
    });
    expect(content).toBe('Let me see.');
    expect(calls).toEqual([
      { id: expect.any(String) as string, name: 'weather', arguments: ROME },
      { id: expect.any(String) as string, name: 'time', arguments: '{}' },
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
    expect(finishReason).toBe('tool_calls');
  });

  test('are read by the model as its template writes them', async () => {
    const { read } = await write({
      script: ['<tool_call>', 'weather"', ROME, END],
      syntax: HERMES,
    });
    expect(read).toBe(`<tool_call>\n{"name": "weather", "arguments": ${ROME}}\n</tool_call>`);
  });

  test('begin with a special token too', async () => {
    const { calls, content } = await write({
      script: ['Yes. ', { special: '<tool_call>' }, 'weather"', ROME, END],
      syntax: HERMES,
      specials: SPECIALS,
    });
    expect(calls).toMatchObject([{ name: 'weather', arguments: ROME }]);
    expect(content).toBe('Yes.');
  });

  test('written as plain JSON count at the beginning of an answer alone', async () => {
    const first = await write({ script: ['{"name": "', 'weather"', ROME, END], syntax: LLAMA });
    expect(first).toMatchObject({ content: '', calls: [{ name: 'weather' }] });
    const later = await write({ script: ['As JSON: {"name": "Ann"}', END], syntax: LLAMA });
    expect(later).toMatchObject({ content: 'As JSON: {"name": "Ann"}', calls: [] });
  });

  test('that have to be begin at once', async () => {
    const { calls, read, completionTokens } = await write({
      script: [ROME],
      syntax: HERMES,
      choice: { name: 'weather' },
    });
    expect(calls).toMatchObject([{ name: 'weather', arguments: ROME }]);
    expect(read.startsWith('<tool_call>\n{"name": "weather", "arguments": {"city"')).toBe(true);
    expect(completionTokens).toBe(read.length + 1);
  });

  test('without parameters need no model at all when they have to be', async () => {
    const { calls, read, finishReason } = await write({
      script: ['never'],
      syntax: HERMES,
      choice: { name: 'time' },
    });
    expect(calls).toMatchObject([{ name: 'time', arguments: '{}' }]);
    expect(finishReason).toBe('tool_calls');
    expect(read).toBe('');
  });

  test('that have to be come after the thought, also when the model wanted to end there', async () => {
    for (const end of ['\n</think>', END] as const) {
      const { calls, reasoning, content } = await write({
        script: ['hm', end, 'weather"', ROME, END],
        syntax: HERMES,
        choice: 'required',
        isThinking: true,
      });
      expect({ reasoning, content }).toEqual({ reasoning: 'hm', content: '' });
      expect(calls).toMatchObject([{ name: 'weather', arguments: ROME }]);
    }
  });

  test('whose arguments are not of the schema are never handed out, whatever the grammar let through', async () => {
    const script = ['<tool_call>', 'weather"', '{"town": "Rome"}', END] as const;
    await expect(write({ script, syntax: HERMES })).rejects.toMatchObject({
      reason: 'Unavailable',
      details: { rule: 'output_invalid' },
    });
  });

  test('that were cut are not handed out', async () => {
    const { calls, content, finishReason } = await write({
      script: ['<tool_call>', 'weather"', ROME, END],
      syntax: HERMES,
      maxTokens: 40,
    });
    expect({ calls, content, finishReason }).toEqual({
      calls: [],
      content: '',
      finishReason: 'length',
    });
  });

  test('end with text that is no call', async () => {
    const { calls, content } = await write({
      script: ['<tool_call>', 'weather"', ROME, '\nThat was it.', END],
      syntax: HERMES,
    });
    expect(calls).toHaveLength(1);
    expect(content).toBe('');
  });

  test('of one function only have its name written for them', async () => {
    const { calls } = await write({
      script: ['<tool_call>', ROME, END],
      syntax: HERMES,
      tools: TOOLS.slice(0, 1),
    });
    expect(calls).toMatchObject([{ name: 'weather', arguments: ROME }]);
  });

  test('with names that begin alike are told apart', async () => {
    const { calls } = await write({
      script: ['<tool_call>', 'get_all"', END],
      syntax: HERMES,
      tools: [{ name: 'get' }, { name: 'get_all' }],
    });
    expect(calls).toMatchObject([{ name: 'get_all' }]);
  });

  test('leave nothing of themselves in what is streamed, however the text is cut', async () => {
    const word = fc.constantFrom('Hi ', '\n', '<tool', '<tool_call>', 'weather"', ROME, '{', '"');
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 12 }), async (script) => {
        const run = write({ script: [...script, END], syntax: HERMES });
        const { content } = await run.catch((error: unknown) => {
          expect(error).toMatchObject({
            reason: 'Unavailable',
            details: { rule: 'output_invalid' },
          });
          return { content: '' };
        });
        expect(content).not.toContain('<tool_call>');
      }),
    );
  });
});
