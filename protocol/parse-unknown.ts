import * as z from 'zod';

/** A parsed value, or where and by which rules it is refused: the first mistakes of perhaps many. */
export type Parsed<T> =
  | { readonly success: true; readonly data: T }
  | { readonly success: false; readonly issues: readonly z.core.$ZodIssue[] };

/** Nobody reads more; putting each into words takes time in which nobody else is served. */
const MAX_ISSUES = 1000;
/** The same of what zod words while it parses: keys, and values that fit none of several shapes. */
const MAX_INNER_ISSUES = 5000;

/**
 * Parses a hostile value; never throws. zod's own `safeParse` words every mistake of a message made of nothing
 * else, and compares the `length` of whatever it is given with a string's limits, which throws when that is an
 * object that cannot become a number, as `{"length":{"valueOf":1,"toString":1}}`: refused here like any other.
 */
export function parseUnknown<S extends z.ZodType>(schema: S, value: unknown): Parsed<z.output<S>> {
  const context = { async: false, error: createCountdown(MAX_INNER_ISSUES) } as const;
  try {
    const parsed = schema._zod.run({ value, issues: [] }, context);
    if (parsed instanceof Promise) throw new z.core.$ZodAsyncError();
    if (parsed.issues.length === 0) return { success: true, data: parsed.value as z.output<S> };
    const issues = parsed.issues.slice(0, MAX_ISSUES).map(toIssue);
    return { success: false, issues };
  } catch (error) {
    const message =
      error instanceof TooManyIssues ? 'has too many mistakes' : 'a value of the wrong type';
    return { success: false, issues: [{ code: 'custom', path: [], message, input: undefined }] };
  }
}

class TooManyIssues extends Error {}

/** zod asks it for the words of a mistake; without any it has its own. Throws after so many. */
function createCountdown(count: number): () => undefined {
  let left = count;
  return () => {
    left -= 1;
    if (left < 0) throw new TooManyIssues();
    return undefined;
  };
}

function toIssue(raw: z.core.$ZodRawIssue): z.core.$ZodIssue {
  return z.core.util.finalizeIssue(raw, { async: false }, z.core.config());
}
