import * as z from 'zod';
import { defineMethod } from '../method.ts';
import { MediaInput } from '../values.ts';

export const Segment = z
  .object({
    startMs: z.int(),
    endMs: z.int(),
    text: z.string(),
    words: z
      .array(
        z.object({
          text: z.string(),
          startMs: z.int(),
          endMs: z.int(),
          confidence: z.number().min(0).max(1),
        }),
      )
      .optional(),
  })
  .meta({ id: 'Segment' });
export type Segment = z.output<typeof Segment>;

export const transcribeMethods = {
  'transcribe.run': defineMethod({
    summary: 'Turn a recording (WAV, MP3, FLAC, Ogg Vorbis) into text, segment by segment.',
    requires: 'transcribe:run',
    params: z.strictObject({
      audio: MediaInput,
      model: z.string().max(256).optional(),
      language: z
        .string()
        .regex(/^(auto|[a-z]{2,3})$/, 'an ISO 639 code, or "auto"')
        .optional(),
      translate: z.boolean().optional().describe('Into English, where the model can.'),
      words: z.boolean().optional().describe('Time and confidence of each word.'),
    }),
    chunk: Segment,
    result: z.object({
      text: z.string(),
      language: z.string(),
      durationMs: z.int(),
      segments: z.array(Segment),
    }),
    errors: [
      'NotFound',
      'Conflict',
      'UnsupportedMedia',
      'PayloadTooLarge',
      'Busy',
      'Timeout',
      'WorkerCrashed',
      'Unavailable',
      'Cancelled',
    ],
  }),
};
