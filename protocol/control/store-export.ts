import * as z from 'zod';
import { Base64, Sha256Hex } from '../values.ts';
import { defineControlMethod } from './method.ts';
import { EXPORT_FORMATS, StoreView } from './store-view.ts';

const AppId = z.string().max(256);

export const storeExportMethods = {
  'store.show': defineControlMethod({
    summary: "What an app's store holds and takes, also of an app that is revoked or uninstalled.",
    params: z.strictObject({ appId: AppId }),
    result: StoreView,
  }),
  'store.export': defineControlMethod({
    summary:
      "All of an app's data as it is now, piece by piece: JSON Lines, or a verified database under a key of its own.",
    params: z
      .strictObject({
        appId: AppId,
        format: z.enum(EXPORT_FORMATS).default('jsonl'),
        collection: z
          .string()
          .max(63)
          .optional()
          .describe('A collection that the app shares, in place of its own data.'),
        plain: z
          .boolean()
          .default(false)
          .describe('Must be true for `sqlite`: that file is not encrypted.'),
      })
      .refine(({ format, plain }) => format !== 'sqlite' || plain, {
        path: ['plain'],
        error: 'must be true for sqlite: whoever has that file can read it',
      }),
    chunk: z.object({
      piece: Base64.describe('The next bytes of the file.'),
      totalBytes: z.int().optional().describe('Of the file, where it is known.'),
    }),
    result: z.object({
      bytes: z.int(),
      sha256: Sha256Hex.describe('Of all the pieces together.'),
      key: z
        .string()
        .optional()
        .describe('Of a `sqlcipher` file: 32 random bytes as hex, in use nowhere else.'),
      unreadable: z
        .array(z.string())
        .describe('Tables that could not be read to their end, in `jsonl` alone.'),
    }),
  }),
};
