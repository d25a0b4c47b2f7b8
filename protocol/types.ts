import type * as z from 'zod';
import type { controlMethods } from './control/index.ts';
import type { methods } from './methods/index.ts';

export type Methods = typeof methods;
export type MethodName = keyof Methods;
/** What a handler gets: validated, with defaults filled in. */
export type Params<M extends MethodName> = z.output<Methods[M]['params']>;
/** What a caller may write: fields with defaults may be left out. */
export type ParamsInput<M extends MethodName> = z.input<Methods[M]['params']>;
export type Result<M extends MethodName> = z.output<Methods[M]['result']>;
export type StreamingMethodName = {
  [M in MethodName]: Methods[M] extends { chunk: z.ZodType } ? M : never;
}[MethodName];
export type Chunk<M extends StreamingMethodName> = Methods[M] extends {
  chunk: infer C extends z.ZodType;
}
  ? z.output<C>
  : never;
export type Namespace = MethodName extends `${infer N}.${string}` ? N : never;
export type MethodOf<N extends Namespace> = Extract<MethodName, `${N}.${string}`>;

export type ControlMethods = typeof controlMethods;
export type ControlMethodName = keyof ControlMethods;
export type ControlParams<M extends ControlMethodName> = z.output<ControlMethods[M]['params']>;
export type ControlParamsInput<M extends ControlMethodName> = z.input<ControlMethods[M]['params']>;
export type ControlResult<M extends ControlMethodName> = z.output<ControlMethods[M]['result']>;
export type ControlStreamingMethodName = {
  [M in ControlMethodName]: ControlMethods[M] extends { chunk: z.ZodType } ? M : never;
}[ControlMethodName];
export type ControlChunk<M extends ControlStreamingMethodName> = ControlMethods[M] extends {
  chunk: infer C extends z.ZodType;
}
  ? z.output<C>
  : never;
export type ControlNamespace = ControlMethodName extends `${infer N}.${string}` ? N : never;
export type ControlMethodOf<N extends ControlNamespace> = Extract<
  ControlMethodName,
  `${N}.${string}`
>;
