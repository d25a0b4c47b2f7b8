import type { MethodName } from '@locara/protocol';
import type { PrivacyCall } from '../privacy/privacy-call.ts';
import type { SessionCall } from '../rpc/handler.ts';

/** For whom a method does something for privacy. */
export function toPrivacyCall(method: MethodName, { session, signal }: SessionCall): PrivacyCall {
  return { session, method, signal };
}
