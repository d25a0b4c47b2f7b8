import { isUtf8 } from 'node:buffer';
import { LIMITS, parseJson } from '@locara/protocol';
import { cutSecrets } from './cut-secrets.ts';
import { scanJson, type ScanVerdict } from './json-scan.ts';

export type ParsedLine =
  { readonly message: unknown } | { readonly error: 'ParseError' | 'PayloadTooLarge' };

/** The depth and value limits of the contract. */
export const MESSAGE_LIMITS = {
  maxDepth: LIMITS.maxMessageDepth,
  maxValues: LIMITS.maxMessageValues,
};

/**
 * One line as JSON in strict UTF-8, unless the scan of it finds, or has found, it beyond the limits. A passphrase
 * in it becomes bytes, and is overwritten in the line; of a message that is refused, nothing is left in the line.
 */
export function parseMessage(
  line: Buffer,
  verdict: ScanVerdict = scanJson(line, MESSAGE_LIMITS),
): ParsedLine {
  const refusal = verdict === 'ok' ? undefined : verdict;
  const message = refusal === undefined && isUtf8(line) ? parseLine(line) : undefined;
  if (message !== undefined) return message;
  line.fill(0);
  return { error: refusal === 'too-many' ? 'PayloadTooLarge' : 'ParseError' };
}

/** Undefined for what is no JSON, or says a passphrase twice. */
function parseLine(line: Buffer): { readonly message: unknown } | undefined {
  const secrets = cutSecrets(line);
  try {
    const message = parseJson(line.toString('utf8'));
    return secrets?.restore(message) === false ? undefined : { message };
  } catch {
    secrets?.erase();
    return undefined;
  }
}
