import * as z from 'zod';
import { Attestation } from '../methods/session.ts';
import { Base64 } from '../values.ts';
import { defineControlMethod } from './method.ts';

/** Text that can be an argument of a program. */
const Argument = z.string().regex(/^[^\0]*$/, 'no NUL');
const AbsolutePath = Argument.max(4096).startsWith('/');

/** What of the user's environment a launched app may see: how to write for people, nothing that steers a program. */
export const PASSED_VARIABLES = [
  'LANG',
  'LANGUAGE',
  'LC_ALL',
  'LC_CTYPE',
  'LC_MESSAGES',
  'TZ',
  'TERM',
  'NO_COLOR',
  'FORCE_COLOR',
] as const;

/** Of one `app.input`; its base64 fits one message. */
export const MAX_INPUT_BYTES = 64 * 1024;

/** What a terminal or a service tells a program that is to end. */
export const APP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type AppSignal = (typeof APP_SIGNALS)[number];

const RunId = z.string().max(64);

export const appRunMethods = {
  'app.run': defineControlMethod({
    summary:
      'Start an installed app in a sandbox (Linux), its channel on descriptor 3; ends with the command, which cancelling kills.',
    params: z.strictObject({
      appId: z.string().max(256),
      command: z
        .array(Argument.max(32 * 1024))
        .min(1)
        .max(256),
      programFolder: AbsolutePath.optional().describe(
        'Shared read-only; refused when it is too wide.',
      ),
      currentFolder: AbsolutePath.optional().describe(
        'Where relative names start. Shared too when there is no `programFolder` and it is not too wide.',
      ),
      searchPath: Argument.max(32 * 1024)
        .optional()
        .describe('PATH, to find the program in.'),
      environment: z
        .partialRecord(z.enum(PASSED_VARIABLES), Argument.max(256))
        .optional()
        .describe('Settings of language and terminal.'),
    }),
    chunk: z.object({
      started: z
        .object({
          run: RunId.describe('For `app.input`.'),
          attestation: Attestation,
          sharedFolder: z.string().optional(),
        })
        .optional()
        .describe('In the first chunk.'),
      stdout: Base64.optional(),
      stderr: Base64.optional(),
    }),
    result: z.object({ exitCode: z.int().describe('128 and the signal, when a signal ended it.') }),
  }),
  'app.input': defineControlMethod({
    summary: 'Give a running app standard input; answered once the app may be given more.',
    params: z.strictObject({
      run: RunId,
      data: Base64.max((MAX_INPUT_BYTES / 3) * 4 + 4).optional(),
      end: z.boolean().default(false),
    }),
    result: z.object({ isOpen: z.boolean().describe('False once the app reads no more.') }),
  }),
  'app.signal': defineControlMethod({
    summary:
      'Pass a signal on to a running app, so that it can clean up; it may go on. Cancelling `app.run` kills it.',
    params: z.strictObject({ run: RunId, signal: z.enum(APP_SIGNALS) }),
    result: z.object({}),
  }),
};
