import type { Handlers } from '../rpc/handler.ts';

export function auditHandlers(): Handlers<'audit'> {
  return { 'audit.capabilityLog': () => ({ entries: [] }) };
}
