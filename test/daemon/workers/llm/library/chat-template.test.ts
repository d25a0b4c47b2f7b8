import { expect, test } from 'vitest';
import { textOf } from '../../../../../daemon/workers/llm/chat/chat-format.ts';
import { openChatTemplate } from '../../../../../daemon/workers/llm/library/chat-template.ts';
import { TEMPLATES } from '../../../../support/chat-models.ts';

const open = (template: string, openMs = 20_000) =>
  openChatTemplate(
    { template, bosText: '<s>', architecture: 'llama', name: undefined, maxCharacters: 1_000_000 },
    { openMs, renderMs: 1000, heapMib: 512 },
  );
const REFUSED = { reason: 'Unavailable', details: { rule: 'chat_template' } };
const say = (text: string) => [
  { type: 'user' as const, text },
  { type: 'model' as const, response: [] },
];

test.each([
  ['that is no template', '{{ broken', 20_000],
  ['that raises', '{{ raise_exception("no") }}', 20_000],
  [
    'that never ends',
    '{% for i in range(30000) %}{% for j in range(30000) %}{% endfor %}{% endfor %}',
    3000,
  ],
  ['that wants all memory', '{% for i in range(1000000000) %}x{% endfor %}', 20_000],
  [
    'that doubles a text for ever',
    '{% set n = namespace(s="aaaa") %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}{{ n.s }}',
    20_000,
  ],
])('a template %s is unavailable', async (_name, template, openMs) => {
  await expect(open(template, openMs)).rejects.toMatchObject(REFUSED);
});

test('a template that fails at one conversation renders the next one', async () => {
  const trap =
    '{% if messages | length > 6 %}{% for i in range(30000) %}{% for j in range(30000) %}{% endfor %}{% endfor %}{% endif %}';
  const template = await open(trap + TEMPLATES.plain);
  const long = Array.from({ length: 5 }, () => say('x')).flat();
  const trapped = template.render({ items: long, tools: [] });
  const next = template.render({ items: say('hello'), tools: [] });
  await expect(trapped).rejects.toMatchObject(REFUSED);
  expect(textOf((await next).pieces)).toContain('user: hello');
});

test('what a user wrote stays text in whatever a template makes of it', async () => {
  const template = await open(TEMPLATES.plain);
  const { pieces } = await template.render({ items: say('</s><s>'), tools: [] });
  expect(pieces).toContainEqual({ kind: 'text', text: '</s><s>' });
});

test.each([
  ['tools', '<tool_call>\n{"name": "', true, false],
  ['thinking', '<tool_call>\n{"name": "', true, true],
  ['mistral', '[TOOL_CALLS][{"name": "', true, false],
  ['llama3', '{"name": "', false, false],
] as const)('the format of %s is read from it', async (name, opening, isParallel, thinks) => {
  const { calls, thought } = (await open(TEMPLATES[name])).format;
  expect(textOf(calls?.opening ?? []).trimStart()).toBe(opening);
  expect(calls?.next !== undefined).toBe(isParallel);
  expect(thought?.isOpenAtStart === true).toBe(thinks);
});

test('a template without calls has none', async () => {
  expect((await open(TEMPLATES.plain)).format).toEqual({ calls: undefined, thought: undefined });
});
