import * as z from 'zod';
import { CAPABILITIES, type Requirement } from './capabilities.ts';
import { ERRORS } from './errors.ts';
import type { MethodSpec } from './method.ts';
import { methods } from './methods/index.ts';

/** Names of the contract that this version does not have: calling one is MethodNotFound. */
const NOT_THERE_YET = ['tools.*', 'transcribe.close', 'transcribe.open', 'transcribe.push'];

/** Renders the method, capability and error tables as Markdown; pure, so a test can pin the committed file. */
export function renderReference(): string {
  const table: Record<string, MethodSpec> = methods;
  return [
    '# API reference',
    'Generated from the method table (`npm run docs`). Names and shapes here are public.',
    ...Object.entries(table).map(([name, spec]) => renderMethod(name, spec)),
    '## Not there yet',
    'These names are reserved by the contract. Until a version brings them, a session that calls one gets `MethodNotFound`; so does any other name that is not above.',
    NOT_THERE_YET.map((name) => `- \`${name}\``).join('\n'),
    '## Capabilities',
    renderTable(
      ['Capability', 'What the user reads', 'Declared by'],
      Object.entries(CAPABILITIES).map(([id, { sentence, declaredBy }]) => [
        `\`${id}\``,
        sentence,
        `\`${declaredBy}\``,
      ]),
    ),
    '## Errors',
    renderTable(
      ['Reason', 'Code', 'Retryable', 'Meaning'],
      Object.entries(ERRORS).map(([reason, error]) => [
        reason,
        String(error.code),
        error.retryable ? 'yes' : 'no',
        error.summary,
      ]),
    ),
    '',
  ].join('\n\n');
}

function renderMethod(name: string, spec: MethodSpec): string {
  const lines = [
    `## ${name}`,
    spec.summary,
    `Requires: ${renderRequirement(spec.requires)}`,
    ...(spec.mayRequire === undefined
      ? []
      : [`Some params also require: ${renderRequirement(spec.mayRequire)}`]),
    '### Params',
    renderSchema(spec.params, 'input'),
    ...(spec.chunk === undefined ? [] : ['### Chunk', renderSchema(spec.chunk, 'output')]),
    '### Result',
    renderSchema(spec.result, 'output'),
    ...(spec.errors === undefined ? [] : [`Errors: ${spec.errors.join(', ')}`]),
  ];
  return lines.join('\n\n');
}

function renderRequirement(requires: Requirement | readonly string[]): string {
  return (typeof requires === 'string' ? [requires] : requires)
    .map((item) => `\`${item}\``)
    .join(' and ');
}

function renderSchema(schema: z.ZodType, io: 'input' | 'output'): string {
  const json = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  delete json.$schema;
  return ['```json', JSON.stringify(json, null, 2), '```'].join('\n');
}

function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
