import type * as z from 'zod';

/** A parsed value, or where and by which rules it is refused. */
export type Parsed<T> =
  | { readonly success: true; readonly data: T }
  | { readonly success: false; readonly issues: readonly z.core.$ZodIssue[] };

/**
 * Parses a hostile value; never throws. zod's own `safeParse` compares the `length` of whatever it is given
 * with a string's limits, and throws when that is an object which cannot become a number, as
 * `{"length":{"valueOf":1,"toString":1}}`; here such a value is refused like any other of the wrong type.
 */
export function parseUnknown<S extends z.ZodType>(schema: S, value: unknown): Parsed<z.output<S>> {
  try {
    const parsed = schema.safeParse(value);
    return parsed.success
      ? { success: true, data: parsed.data }
      : { success: false, issues: parsed.error.issues };
  } catch {
    const message = 'a value of the wrong type';
    return { success: false, issues: [{ code: 'custom', path: [], message, input: undefined }] };
  }
}
