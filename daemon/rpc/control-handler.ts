import type {
  ControlChunk,
  ControlMethodName,
  ControlMethodOf,
  ControlNamespace,
  ControlParams,
  ControlResult,
  ControlStreamingMethodName,
} from '@locara/protocol';

/** One call of the user on the control socket. */
export interface ControlCall {
  /** Aborted by `$/cancel` and by closing the connection. */
  readonly signal: AbortSignal;
}

export type ControlHandler<M extends ControlMethodName> = M extends ControlStreamingMethodName
  ? (
      params: ControlParams<M>,
      call: ControlCall,
    ) => AsyncGenerator<ControlChunk<M>, ControlResult<M>, void>
  : (params: ControlParams<M>, call: ControlCall) => ControlResult<M> | Promise<ControlResult<M>>;

/** Every control handler of one namespace; a missing or misspelt method is a compile error. */
export type ControlHandlers<N extends ControlNamespace = ControlNamespace> = {
  readonly [M in ControlMethodOf<N>]: ControlHandler<M>;
};
