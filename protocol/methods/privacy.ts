import * as z from 'zod';
import { defineMethod } from '../method.ts';
import { parseUnknown } from '../parse-unknown.ts';
import {
  acceptsEntities,
  DETECTION_FIELDS,
  Entity,
  REDACTION_FIELDS,
  RestoreId,
} from './privacy-shapes.ts';

const errors = [
  'PayloadTooLarge',
  'Conflict',
  'Busy',
  'Timeout',
  'WorkerCrashed',
  'Unavailable',
  'Cancelled',
] as const;

function acceptsDetected(result: unknown): boolean {
  if (typeof result !== 'object' || result === null || !('entities' in result)) return false;
  return Object.keys(result).length === 1 && acceptsEntities(result.entities);
}

/** The rest of it, which is little, is for the schema to judge. */
const RedactedRest = z.strictObject({ text: z.string(), restoreId: RestoreId.optional() });

function acceptsRedacted(result: unknown): boolean {
  if (typeof result !== 'object' || result === null || !('entities' in result)) return false;
  const { entities, ...rest } = result;
  return acceptsEntities(entities) && parseUnknown(RedactedRest, rest).success;
}

export const privacyMethods = {
  'privacy.detect': defineMethod({
    summary: 'Where a text names people, accounts, addresses, secrets; nothing is changed.',
    requires: 'session',
    params: z.strictObject({ text: z.string(), ...DETECTION_FIELDS }),
    result: z.object({ entities: z.array(Entity) }),
    acceptsResult: acceptsDetected,
    errors,
  }),
  'privacy.redact': defineMethod({
    summary:
      'The text with what `privacy.detect` finds replaced. Text and findings go in one message; where they do not fit it answers PayloadTooLarge: redact in pieces.',
    requires: 'session',
    params: z.strictObject({
      text: z.string(),
      ...REDACTION_FIELDS,
      restoreId: RestoreId.optional().describe(
        'With placeholders: goes on with those of an earlier redaction of this session. A text that holds such a placeholder already, as `[EMAIL_1]`, is restored to the value it stood for before.',
      ),
    }),
    result: z.object({
      text: z.string(),
      entities: z.array(Entity).describe('Offsets in the text as it was given.'),
      restoreId: RestoreId.optional().describe(
        'With placeholders: takes them back by `privacy.restore`, while this session lasts. Of many, the oldest are forgotten.',
      ),
    }),
    acceptsResult: acceptsRedacted,
    errors: [...errors, 'NotFound'],
  }),
  'privacy.restore': defineMethod({
    summary: 'Put back what placeholders stand for, in any text that has them.',
    requires: 'session',
    params: z.strictObject({ text: z.string(), restoreId: RestoreId }),
    result: z.object({
      text: z.string(),
      restored: z.int().describe('How many placeholders were put back.'),
    }),
    errors: ['NotFound', 'PayloadTooLarge'],
  }),
  'privacy.forget': defineMethod({
    summary: 'Forget what the placeholders of one redaction stand for.',
    requires: 'session',
    params: z.strictObject({ restoreId: RestoreId }),
    result: z.object({ forgotten: z.boolean() }),
  }),
  'privacy.capabilities': defineMethod({
    summary: 'What this computer has for privacy, and what is used instead of what it lacks.',
    requires: 'session',
    params: z.strictObject({}),
    result: z.object({
      capabilities: z.array(
        z.object({
          id: z.string(),
          available: z.boolean(),
          uses: z.string().describe('What is used: the thing itself, or what stands in for it.'),
        }),
      ),
    }),
  }),
};
