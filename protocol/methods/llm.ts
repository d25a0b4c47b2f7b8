import * as z from 'zod';
import { defineMethod } from '../method.ts';
import { TimeoutMs } from '../values.ts';
import { ChatPipeline, PipelineEffect } from './pipeline-shapes.ts';
import { EnvelopeV2 } from './vault-shapes.ts';

const ModelId = z.string().max(256).describe('A model the manifest pins; the first fitting one.');

export const Message = z
  .strictObject({
    role: z.enum(['system', 'user', 'assistant', 'tool']),
    content: z.string(),
    reasoning: z
      .string()
      .optional()
      .describe('Of an assistant; templates decide what of it they repeat.'),
    name: z.string().max(128).optional(),
    toolCallId: z.string().max(128).optional(),
    toolCalls: z
      .array(z.strictObject({ id: z.string(), name: z.string(), arguments: z.string() }))
      .max(64)
      .optional(),
  })
  .meta({ id: 'Message' });
export type Message = z.output<typeof Message>;

const JsonSchema = z.record(z.string(), z.unknown());

const Sampling = {
  model: ModelId.optional(),
  maxTokens: z
    .int()
    .min(1)
    .optional()
    .describe('Clamped to what the context leaves, and without it all of that.'),
  temperature: z
    .number()
    .optional()
    .describe('Clamped to 0..2, else 0.8; 0 always picks the likeliest.'),
  topP: z.number().optional().describe('Clamped to 0..1, else 0.95.'),
  topK: z.int().optional().describe('Clamped to 0..1000, else 40; 0 keeps every token.'),
  minP: z.number().optional().describe('Clamped to 0..1, else 0.05.'),
  repeatPenalty: z.number().optional().describe('Clamped to 0.5..2, else 1, which is none.'),
  presencePenalty: z.number().optional().describe('Clamped to -2..2, else 0, which is none.'),
  frequencyPenalty: z.number().optional().describe('Clamped to -2..2, else 0, which is none.'),
  seed: z
    .int()
    .min(0)
    .max(0xffff_ffff)
    .optional()
    .describe('The same seed writes the same text, whoever else is served beside it.'),
  stop: z
    .union([z.string().min(1).max(256), z.array(z.string().min(1).max(256)).max(16)])
    .optional(),
  responseFormat: z
    .strictObject({
      type: z.literal('json_schema'),
      schema: JsonSchema,
    })
    .optional()
    .describe(
      'The content is JSON of this schema, of the subset in protocol/README.md; `stop` does not apply to it. Cut by `maxTokens` it is incomplete, and `finishReason` is `length`. Not together with tools that may be called.',
    ),
  priority: z.enum(['interactive', 'background']).default('interactive'),
  overflow: z
    .enum(['refuse', 'dropOldest'])
    .default('refuse')
    .describe(
      'What to do with a prompt that does not fit: answer ContextOverflow, or leave out its oldest part. A conversation keeps its system messages and its last message.',
    ),
  timeoutMs: TimeoutMs.optional(),
  pipeline: ChatPipeline.optional(),
};

const ToolCall = z
  .object({ id: z.string(), name: z.string(), arguments: z.string() })
  .describe('`arguments` is JSON that satisfies the parameters of the tool.');

const ToolName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

const Tools = {
  tools: z
    .array(
      z.strictObject({
        name: ToolName,
        description: z.string().max(4096).optional(),
        parameters: JsonSchema.optional(),
      }),
    )
    .max(64)
    .optional()
    .describe(
      'Functions that the app offers; the model asks for calls, the app runs them. `parameters` is an object schema of the subset of `responseFormat`; without it a function takes nothing. A model whose template knows no calls answers Unavailable.',
    ),
  toolChoice: z
    .union([z.enum(['auto', 'none', 'required']), z.strictObject({ name: ToolName })])
    .default('auto')
    .describe(
      '`required`: at least one call; a name: one call of that function. A thought of the model may come first.',
    ),
};

const Usage = z
  .object({
    promptTokens: z.int(),
    cachedTokens: z.int().describe('Of the prompt: those that did not have to be read again.'),
    completionTokens: z.int(),
  })
  .meta({ id: 'Usage' });

const Timings = z
  .object({
    queuedMs: z.number(),
    loadMs: z.number(),
    firstTokenMs: z.number(),
    totalMs: z.number(),
  })
  .meta({ id: 'Timings' });

export const Completion = z
  .object({
    content: z.string(),
    reasoning: z.string().optional().describe('What the model thought; never part of `content`.'),
    toolCalls: z.array(ToolCall).optional(),
    finishReason: z.enum(['stop', 'length', 'tool_calls']),
    dropped: z
      .object({ messages: z.int(), tokens: z.int() })
      .optional()
      .describe('What `overflow: "dropOldest"` left out of the prompt.'),
    usage: Usage,
    timings: Timings,
    sealed: EnvelopeV2.optional().describe(
      'With an `encrypt` step all that was written, as JSON `{content, reasoning?, toolCalls?}`; those are empty then.',
    ),
    privacy: PipelineEffect.optional().describe('What the pipeline did.'),
  })
  .meta({ id: 'Completion' });
export type Completion = z.output<typeof Completion>;

const CompletionChunk = z
  .object({
    delta: z.string().describe('More of `content`; empty where the chunk brings something else.'),
    reasoning: z.string().optional().describe('More of the thought.'),
    toolCall: ToolCall.optional().describe('A whole call, once.'),
  })
  .meta({ id: 'CompletionChunk' });

const generationErrors = [
  'NotFound',
  'Conflict',
  'ContextOverflow',
  'QuotaExceeded',
  'Busy',
  'Timeout',
  'WorkerCrashed',
  'Unavailable',
  'InsufficientResources',
  'Cancelled',
] as const;

export const llmMethods = {
  'llm.chat': defineMethod({
    summary: 'Continue a conversation, streaming text as it is written.',
    requires: 'llm:generate',
    params: z.strictObject({
      messages: z.array(Message).min(1).max(10_000),
      ...Sampling,
      ...Tools,
    }),
    chunk: CompletionChunk,
    result: Completion,
    errors: generationErrors,
  }),
  'llm.complete': defineMethod({
    summary: 'Continue a plain text, streaming.',
    requires: 'llm:generate',
    params: z.strictObject({ prompt: z.string().min(1), ...Sampling }),
    chunk: CompletionChunk,
    result: Completion,
    errors: generationErrors,
  }),
  'llm.countTokens': defineMethod({
    summary: 'How many tokens messages (as the template renders them) or a prompt take.',
    requires: 'llm:generate',
    params: z
      .strictObject({
        model: ModelId.optional(),
        messages: z.array(Message).min(1).max(10_000).optional(),
        prompt: z.string().optional(),
        tools: Tools.tools,
        timeoutMs: TimeoutMs.optional(),
      })
      .refine(
        ({ messages, prompt }) => (messages === undefined) !== (prompt === undefined),
        'give messages or prompt, one of them',
      ),
    result: z.object({ tokens: z.int() }),
    errors: generationErrors,
  }),
  'llm.rerank': defineMethod({
    summary: 'Order documents by how well they answer a query, best first.',
    requires: 'llm:generate',
    params: z.strictObject({
      model: ModelId.optional(),
      query: z.string().min(1),
      documents: z.array(z.string()).min(1).max(1024),
      topN: z.int().min(1).optional(),
      priority: z.enum(['interactive', 'background']).default('interactive'),
      timeoutMs: TimeoutMs.optional(),
    }),
    result: z.object({
      results: z.array(
        z.object({
          index: z.int().describe('In `documents`.'),
          score: z.number().describe('0..1; compare within one answer alone.'),
        }),
      ),
      usage: z.object({ promptTokens: z.int(), cachedTokens: z.int() }),
    }),
    errors: generationErrors,
  }),
};
