import * as z from 'zod';
import { defineMethod } from '../method.ts';

const ModelId = z.string().max(256).describe('A model the manifest pins; the first fitting one.');

export const Message = z
  .strictObject({
    role: z.enum(['system', 'user', 'assistant', 'tool']),
    content: z.string(),
    name: z.string().max(128).optional(),
    toolCallId: z.string().max(128).optional(),
    toolCalls: z
      .array(z.strictObject({ id: z.string(), name: z.string(), arguments: z.string() }))
      .max(64)
      .optional(),
  })
  .meta({ id: 'Message' });
export type Message = z.output<typeof Message>;

const Sampling = {
  model: ModelId.optional(),
  maxTokens: z.int().min(1).optional().describe('Clamped to what the context leaves.'),
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().min(0).max(1).optional(),
  topK: z.int().min(0).max(1000).optional(),
  minP: z.number().min(0).max(1).optional(),
  seed: z.int().min(0).max(0xffff_ffff).optional(),
  stop: z
    .union([z.string().min(1).max(256), z.array(z.string().min(1).max(256)).max(16)])
    .optional(),
  responseFormat: z
    .strictObject({
      type: z.literal('json_schema'),
      schema: z.record(z.string(), z.unknown()),
    })
    .optional(),
  priority: z.enum(['interactive', 'background']).default('interactive'),
};

const ToolCall = z.object({ id: z.string(), name: z.string(), arguments: z.string() });

const Usage = z
  .object({ promptTokens: z.int(), cachedTokens: z.int(), completionTokens: z.int() })
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
    toolCalls: z.array(ToolCall).optional(),
    finishReason: z.enum(['stop', 'length', 'tool_calls']),
    usage: Usage,
    timings: Timings,
  })
  .meta({ id: 'Completion' });
export type Completion = z.output<typeof Completion>;

const CompletionChunk = z
  .object({ delta: z.string(), toolCall: ToolCall.optional() })
  .meta({ id: 'CompletionChunk' });

const generationErrors = [
  'NotFound',
  'ContextOverflow',
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
      tools: z
        .array(
          z.strictObject({
            name: z.string().max(64),
            description: z.string().max(4096).optional(),
            parameters: z.record(z.string(), z.unknown()).optional(),
          }),
        )
        .max(64)
        .optional()
        .describe('Accepted by models whose template calls tools; others answer Unavailable.'),
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
      })
      .refine(
        ({ messages, prompt }) => (messages === undefined) !== (prompt === undefined),
        'give messages or prompt, one of them',
      ),
    result: z.object({ tokens: z.int() }),
    errors: generationErrors,
  }),
};
