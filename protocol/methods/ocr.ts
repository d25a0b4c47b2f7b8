import * as z from 'zod';
import { defineMethod } from '../method.ts';
import { MediaInput } from '../values.ts';

export const Region = z
  .object({
    text: z.string(),
    confidence: z.number().min(0).max(1),
    box: z
      .object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() })
      .describe('Pixels of the source image, from its top left.'),
  })
  .meta({ id: 'Region' });
export type Region = z.output<typeof Region>;

export const Page = z
  .object({ page: z.int(), text: z.string(), regions: z.array(Region) })
  .meta({ id: 'Page' });
export type Page = z.output<typeof Page>;

export const ocrMethods = {
  'ocr.recognize': defineMethod({
    summary: 'Read the text in an image (PNG, JPEG, WebP, GIF, BMP), streamed by page.',
    requires: 'ocr:run',
    params: z.strictObject({
      image: MediaInput,
      model: z.string().max(256).optional(),
      languages: z
        .array(z.string().regex(/^[a-z]{3}(_[a-z]{3,4})?$/i))
        .min(1)
        .max(4)
        .optional(),
      level: z.enum(['page', 'line', 'word']).default('line'),
    }),
    chunk: Page,
    result: z.object({ text: z.string(), pages: z.array(Page) }),
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
