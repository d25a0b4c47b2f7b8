import * as z from 'zod';
import type { Rights } from './rights.ts';

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

/** What `after` asks for compared with `before`, field by field. */
export function diffRights(before: Rights, after: Rights): RightsDiff {
  const added = after.capabilities
    .filter((capability) => !before.capabilities.includes(capability))
    .map((capability) => ({ path: 'capabilities', sentence: capability, capability }));
  const removed = before.capabilities
    .filter((capability) => !after.capabilities.includes(capability))
    .map((capability) => ({ path: 'capabilities', sentence: capability, capability }));
  return { added, widened: [], narrowed: [], removed };
}

/** True when the second set of rights asks for more in anything. */
export function isExpansion({ added, widened }: RightsDiff): boolean {
  return added.length + widened.length > 0;
}
