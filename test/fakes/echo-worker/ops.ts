/** The operations of a worker whose only work is to behave, well or badly. */
export interface EchoOps {
  echo: { params: { readonly text: string }; chunk: never; result: { readonly text: string } };
  count: {
    params: { readonly to: number };
    chunk: { readonly n: number };
    result: { readonly pid: number };
  };
  /** Settles after `ms`, or at once when cancelled. */
  sleep: { params: { readonly ms: number }; chunk: never; result: { readonly pid: number } };
  /** Like sleep, deaf to cancel. */
  snooze: {
    params: { readonly ms: number; readonly chunk?: boolean };
    chunk: { readonly n: number };
    result: { readonly pid: number };
  };
  /** Blocks the event loop. */
  spin: { params: { readonly ms: number }; chunk: never; result: { readonly pid: number } };
  crash: { params: Record<string, never>; chunk: never; result: never };
  refuse: { params: Record<string, never>; chunk: never; result: never };
  bug: { params: { readonly secret: string }; chunk: never; result: never };
  uncloneable: { params: Record<string, never>; chunk: never; result: unknown };
  /** Writes a file; answers the error code, empty for none. */
  write: { params: { readonly path: string }; chunk: never; result: { readonly code: string } };
  environment: {
    params: Record<string, never>;
    chunk: never;
    result: {
      readonly variables: readonly string[];
      readonly cwd: string;
      readonly fds: readonly string[];
    };
  };
}

export interface EchoStart {
  readonly load?: 'normally' | 'slowly' | 'never' | 'crash' | 'refuse';
}
