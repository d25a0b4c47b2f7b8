import * as z from 'zod';
import { Slug } from './slug.ts';

/**
 * An entry of `capabilities.ipc`: a collection that this app and another one share. Both manifests must
 * name the other app and the same collection; each side gets the access that it declares.
 */
export const SharedCollection = z.strictObject({
  app: z.string().refine((id) => isPair(id), 'an app id, as publisher/name'),
  collection: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, _ and -; at most 63'),
  access: z.enum(['read', 'read-write']),
});
export type SharedCollection = z.output<typeof SharedCollection>;

function isPair(id: string): boolean {
  const parts = id.split('/');
  return parts.length === 2 && parts.every((part) => Slug.safeParse(part).success);
}
