import type { MediaInput } from '@locara/protocol';
import type { Session } from '../access/session.ts';

/** The bytes of a media input: a committed blob of this app, or base64 in the message. */
export type ReadMedia = (
  session: Session,
  input: MediaInput,
  limits: { readonly maxBytes: number },
) => Promise<Buffer>;
