import type { Capability } from '@locara/protocol';
import { toCapabilityDenied } from '../access/rights/grants.ts';
import type { Session } from '../access/session.ts';
import type { CountedCall } from '../access/sessions.ts';
import type { Abortable } from './open-calls.ts';

/** A call of an app that is not answered yet. */
export interface AppCall extends Abortable {
  readonly method: string;
  /** What it has been authorised by so far. */
  readonly leansOn: Set<Capability>;
  counted?: CountedCall | undefined;
  /** Its handler runs, or never will. */
  readonly begin: () => void;
  /** Resolves once it has begun; undefined when it has already. */
  readonly begun: Promise<unknown> | undefined;
}

export function createAppCall(method: string): AppCall {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let begun: typeof promise | undefined = promise;
  return {
    controller: new AbortController(),
    method,
    leansOn: new Set(),
    begin: () => {
      begun = undefined;
      resolve(undefined);
    },
    get begun() {
      return begun;
    },
  };
}

/** Aborts the calls that lean on a capability which the session holds no longer; `onDenied` is told before each. */
export function abortUnauthorized(
  calls: Iterable<AppCall>,
  session: Pick<Session, 'has'>,
  onDenied: (capability: Capability, method: string) => void,
): void {
  for (const { controller, leansOn, method } of calls) {
    const lost = [...leansOn].find((capability) => !session.has(capability));
    if (lost === undefined || controller.signal.aborted) continue;
    onDenied(lost, method);
    controller.abort(toCapabilityDenied(lost, method));
  }
}
