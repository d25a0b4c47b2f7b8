import * as z from 'zod';
import { Block } from './app.ts';
import { defineControlMethod } from './method.ts';

/** The revocation list in force. */
export const RevocationState = z
  .object({
    seq: z.int(),
    issuedAt: z.iso.datetime(),
    expires: z.iso.datetime(),
    isExpired: z.boolean().describe('Then nothing new is installed; what runs goes on.'),
    entries: z.int(),
    signer: z.string().describe('Who signed it, in words.'),
  })
  .meta({ id: 'RevocationState' });
export type RevocationState = z.output<typeof RevocationState>;

const BlockedApp = z.object({ appId: z.string(), version: z.string(), block: Block });

export const revocationMethods = {
  'revocation.import': defineControlMethod({
    summary: 'Take over a signed revocation list; its signature lies beside it.',
    params: z.strictObject({ path: z.string().max(4096) }),
    result: z.object({ list: RevocationState, blocked: z.array(BlockedApp) }),
  }),
  'revocation.show': defineControlMethod({
    summary: 'The revocation list in force, and the installed apps that it blocks.',
    params: z.strictObject({}),
    result: z.object({ list: RevocationState.optional(), blocked: z.array(BlockedApp) }),
  }),
};
