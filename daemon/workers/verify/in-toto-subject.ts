import { parseStrictJson } from '@locara/protocol/strict-json';
import type { Digests } from './digests.ts';
import { refuse, refusingAs } from './refuse.ts';
import { isRecord } from './shape.ts';

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const STATEMENT_TYPES = ['https://in-toto.io/Statement/v0.1', 'https://in-toto.io/Statement/v1'];
const ALGORITHMS = ['sha256', 'sha512'] as const;
const MAX_SUBJECTS = 1024;

/**
 * Asserts that a signed envelope is an in-toto statement about that artifact; the library verifies the
 * envelope and never looks at what it speaks of. Throws `statement` or `subject_mismatch`.
 */
export function assertSubject(
  envelope: { readonly payloadType: string; readonly payload: Uint8Array },
  digests: Digests,
): void {
  if (envelope.payloadType !== PAYLOAD_TYPE) throw refuse('statement');
  const subjects = refusingAs('statement', () => readSubjects(parseStrictJson(envelope.payload)));
  if (!subjects.some((subject) => isAbout(subject, digests))) throw refuse('subject_mismatch');
}

function readSubjects(statement: unknown): readonly unknown[] {
  if (!isRecord(statement)) throw refuse('statement');
  const { _type: type, subject } = statement;
  if (typeof type !== 'string' || !STATEMENT_TYPES.includes(type)) throw refuse('statement');
  if (!Array.isArray(subject) || subject.length > MAX_SUBJECTS) throw refuse('statement');
  return subject;
}

/** Every digest that both sides know must be the same, and there must be one. */
function isAbout(subject: unknown, digests: Digests): boolean {
  const digest = isRecord(subject) ? subject['digest'] : undefined;
  if (!isRecord(digest)) return false;
  const comparable = ALGORITHMS.filter(
    (algorithm) => digest[algorithm] !== undefined && digests[algorithm] !== undefined,
  );
  return (
    comparable.length > 0 &&
    comparable.every((algorithm) => digest[algorithm] === digests[algorithm])
  );
}
