import type * as z from 'zod';
import type { Capability, Requirement } from './capabilities.ts';
import type { ErrorReason } from './errors.ts';

/** One row of the method table. Types, validation, access checks, docs and client stubs all derive from it. */
export interface MethodSpec {
  readonly summary: string;
  readonly requires: Requirement;
  /** Capabilities that some parameters need on top; the handler asks through `call.require`. */
  readonly mayRequire?: readonly Capability[];
  readonly params: z.ZodObject;
  readonly result: z.ZodType;
  /** Present only on streaming methods: the schema of one chunk. */
  readonly chunk?: z.ZodType;
  /** Recognises params that `params` would accept and leave as they are, where parsing megabytes would hold up others. */
  readonly acceptsParams?: (params: unknown) => boolean;
  /** The same for what `result` would accept, with no key to strip. */
  readonly acceptsResult?: (result: unknown) => boolean;
  /** Reasons this method adds to the ones every method can return. */
  readonly errors?: readonly ErrorReason[];
}

export function defineMethod<const Spec extends MethodSpec>(spec: Spec): Spec {
  return spec;
}
