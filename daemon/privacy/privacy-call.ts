import type { Session } from '../access/session.ts';

/** For whom something is done for privacy, and by which method: that is what the audit log counts. */
export interface PrivacyCall {
  readonly session: Pick<Session, 'id' | 'appId'>;
  readonly method: string;
  readonly signal: AbortSignal;
}
