import type { RequestId, RpcError } from '@locara/protocol';

/** What every open call has. */
export interface Abortable {
  readonly controller: AbortController;
}

/** The calls of one connection that are not answered yet, by request id. */
export class OpenCalls<C extends Abortable> {
  readonly #calls = new Map<RequestId, C>();
  #idleWaiters: (() => void)[] = [];

  get size(): number {
    return this.#calls.size;
  }

  has(id: RequestId): boolean {
    return this.#calls.has(id);
  }

  values(): Iterable<C> {
    return this.#calls.values();
  }

  add(id: RequestId, call: C): void {
    this.#calls.set(id, call);
  }

  /** The answer is queued: the id is free again. Does nothing for a call that was never added. */
  remove(id: RequestId, call: C): void {
    if (this.#calls.get(id) !== call) return;
    this.#calls.delete(id);
    if (this.#calls.size === 0) for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  /** Aborts the call that `params` of `$/cancel` name; anything else in them is ignored. */
  cancel(params: unknown, reason: RpcError): void {
    const id: unknown =
      typeof params === 'object' && params !== null ? Reflect.get(params, 'id') : undefined;
    this.#calls.get(id as RequestId)?.controller.abort(reason);
  }

  abortAll(reason: RpcError): void {
    for (const { controller } of this.#calls.values()) controller.abort(reason);
  }

  /** Resolves when no call is open. */
  whenIdle(): Promise<void> {
    if (this.#calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }
}
