import * as z from 'zod';
import { defineMethod } from '../method.ts';
import { Grant } from './session.ts';

export const grantsMethods = {
  'grants.list': defineMethod({
    summary: 'Every capability the manifest declares, with the decision of the user.',
    requires: 'session',
    params: z.strictObject({}),
    result: z.object({ grants: z.array(Grant) }),
  }),
  'grants.request': defineMethod({
    summary:
      'Put a declared optional capability before the user, who answers with `locara app consent`.',
    requires: 'session',
    params: z.strictObject({ capability: z.string().max(128) }),
    result: z.object({
      grant: Grant,
      command: z.string().optional().describe('What the user runs to decide.'),
    }),
    errors: ['CapabilityDenied'],
  }),
};
