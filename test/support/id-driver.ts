import { createIdRecognizer } from '../../daemon/privacy/redaction/find-ids.ts';
import type { Candidate, IdRule, Recognizer } from '../../daemon/privacy/redaction/recognizer.ts';
import { createScannedText } from '../../daemon/privacy/redaction/scanned-text.ts';

/** Everything that the rules find, overlapping or not, whatever its score. */
export function runIdRules(rules: readonly IdRule[], text: string): Candidate[] {
  return runRecognizer(createIdRecognizer('rules', rules), text);
}

export function runRecognizer(recognizer: Recognizer, text: string): Candidate[] {
  const found = [...recognizer.scan(createScannedText(text), {})];
  return found.filter((candidate) => candidate !== undefined);
}
