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

/** The whole of `capabilities.ipc`: a name means one collection, so it is shared with one app only. */
export const SharedCollections = z
  .array(SharedCollection)
  .max(64)
  .check(({ value, issues }) => {
    const appOf = new Map<string, string>();
    for (const [index, { app, collection }] of value.entries()) {
      const first = appOf.get(collection) ?? app;
      appOf.set(collection, first);
      if (first === app) continue;
      const message = 'is shared with one app only: give each app a collection of its own name';
      issues.push({ code: 'custom', input: value, path: [index, 'collection'], message });
    }
  });

/** How the user names one sharing of an app, to end or allow it: `ipc:<collection>`. */
export type SharingName = `ipc:${string}`;

export function isSharingName(text: string): text is SharingName {
  return /^ipc:[a-z][a-z0-9_-]{0,62}$/.test(text);
}

export function nameSharing({ collection }: Pick<SharedCollection, 'collection'>): SharingName {
  return `ipc:${collection}`;
}

function isPair(id: string): boolean {
  const parts = id.split('/');
  return parts.length === 2 && parts.every((part) => Slug.safeParse(part).success);
}
