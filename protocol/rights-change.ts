import * as z from 'zod';

/** One right that an update asks for, gives up, or wants more or less of. */
export const RightsChange = z
  .object({
    path: z.string().describe('The manifest path, as `capabilities.net.allowed_hosts`.'),
    sentence: z.string().describe('In plain words.'),
    capability: z.string().optional().describe('When it is a capability that can be granted.'),
    from: z.string().optional(),
    to: z.string().optional(),
  })
  .meta({ id: 'RightsChange' });
export type RightsChange = z.output<typeof RightsChange>;

/** How rights differ; `added` and `widened` need the consent of the user, the others do not. */
export const RightsDiff = z
  .object({
    added: z.array(RightsChange),
    widened: z.array(RightsChange),
    narrowed: z.array(RightsChange),
    removed: z.array(RightsChange),
  })
  .meta({ id: 'RightsDiff' });
export type RightsDiff = z.output<typeof RightsDiff>;
