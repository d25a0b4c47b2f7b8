import * as z from 'zod';
import { ERRORS, type ErrorReason } from './errors.ts';
import { PROTOCOL_VERSION } from './limits.ts';
import type { MethodSpec } from './method.ts';
import { methods } from './methods/index.ts';

/** The OpenRPC document of the app socket; pure, pinned by a test, answered by `rpc.discover`. */
export function renderOpenRpc(): { openrpc: string } & Record<string, unknown> {
  const table: Record<string, MethodSpec> = methods;
  const schemas: Record<string, unknown> = {};
  const described = Object.entries(table).map(([name, spec]) =>
    hoistDefinitions(describeMethod(name, spec), schemas),
  );
  return {
    openrpc: '1.3.2',
    info: {
      title: 'locarad',
      version: `${PROTOCOL_VERSION}.0.0`,
      license: { name: 'Apache-2.0' },
      description:
        'JSON-RPC 2.0, one message per line, on a Unix socket. Streams arrive as `$/chunk`, progress as `$/progress`.',
    },
    methods: described,
    components: {
      schemas,
      errors: Object.fromEntries(reasons().map((reason) => [reason, toError(reason)])),
    },
  };
}

function describeMethod(name: string, spec: MethodSpec): Record<string, unknown> {
  const params = z.toJSONSchema(spec.params, { io: 'input', unrepresentable: 'any' });
  const required = new Set(params.required ?? []);
  return {
    name,
    summary: spec.summary,
    paramStructure: 'by-name',
    'x-requires': spec.requires,
    ...(spec.mayRequire === undefined ? {} : { 'x-may-require': spec.mayRequire }),
    ...(params.$defs === undefined ? {} : { $defs: params.$defs }),
    params: Object.entries(params.properties ?? {}).map(([key, schema]) => ({
      name: key,
      required: required.has(key),
      schema,
    })),
    result: { name: 'result', schema: toSchema(spec.result) },
    ...(spec.chunk === undefined ? {} : { 'x-chunk': toSchema(spec.chunk) }),
    errors: (spec.errors ?? []).map((reason) => ({ $ref: `#/components/errors/${reason}` })),
  };
}

/** Moves every `$defs` into the shared schemas and points its references there. */
function hoistDefinitions(value: unknown, schemas: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => hoistDefinitions(item, schemas));
  if (typeof value !== 'object' || value === null) return value;
  const hoisted: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) {
    if (key === '$schema') continue;
    if (key === '$defs') {
      for (const [name, schema] of Object.entries(child as object)) {
        schemas[name] = hoistDefinitions(schema, schemas);
      }
    } else if (key === '$ref' && typeof child === 'string') {
      hoisted[key] = child.replace('#/$defs/', '#/components/schemas/');
    } else hoisted[key] = hoistDefinitions(child, schemas);
  }
  return hoisted;
}

function toSchema(schema: z.ZodType): unknown {
  return z.toJSONSchema(schema, { unrepresentable: 'any' });
}

function reasons(): ErrorReason[] {
  return Object.keys(ERRORS) as ErrorReason[];
}

function toError(reason: ErrorReason): Record<string, unknown> {
  const { code, retryable, summary } = ERRORS[reason];
  return { code, message: summary, data: { reason, retryable } };
}
