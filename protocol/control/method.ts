import type * as z from 'zod';

/** One method of the user's own control socket. Its peer is checked at connect; there are no capabilities. */
export interface ControlMethodSpec {
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly result: z.ZodType;
  /** Present only on streaming methods: the schema of one chunk. */
  readonly chunk?: z.ZodType;
}

export function defineControlMethod<const Spec extends ControlMethodSpec>(spec: Spec): Spec {
  return spec;
}
