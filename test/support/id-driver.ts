import { createIdRecognizer } from '../../daemon/privacy/redaction/find-ids.ts';
import type { Candidate, IdRule, Recognizer } from '../../daemon/privacy/redaction/recognizer.ts';
import { createScannedText } from '../../daemon/privacy/redaction/scanned-text.ts';

/** What the rules find in a text, whatever its score; the reason is the rule's id alone. */
export function runIdRules(rules: readonly IdRule[], text: string): Candidate[] {
  const found = runRecognizer(createIdRecognizer('ids', rules), text);
  return found.map((candidate) => ({
    ...candidate,
    reason: candidate.reason.replace(/(?:-checked)?(?:\+context)?$/, ''),
  }));
}

export function runRecognizer(recognizer: Recognizer, text: string): Candidate[] {
  const candidates = recognizer.scan(createScannedText(text), {});
  return [...candidates].filter((candidate) => candidate !== undefined);
}
