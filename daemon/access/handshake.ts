import type { Params, Result } from '@locara/protocol';

/** The state of one connection's way to a session. */
export interface Handshake {
  hello(params: Params<'session.hello'>): Result<'session.hello'>;
  authenticate(params: Params<'session.authenticate'>): Promise<Result<'session.authenticate'>>;
}
