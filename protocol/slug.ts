import * as z from 'zod';

/** A name or publisher: ASCII in one case, so that no two look alike, and safe as a folder. */
export const Slug = z
  .string()
  .max(64)
  .regex(
    /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/,
    'lower-case letters a to z, digits and inner hyphens',
  );
