import { LIMITS, NewRecord, parseJson, parseUnknown } from '@locara/protocol';
import { findProtoKey } from '../rpc/proto-key.ts';
import { scanJson } from '../transport/json-scan.ts';

/** Why a line is no record. */
export type LineRule = 'utf8' | 'json' | 'depth' | 'record' | 'line_length';

/** A record of a line of JSON, held to what a message may be; or the rule that it breaks. */
export function parseRecord(bytes: Uint8Array): NewRecord | LineRule {
  const limits = { maxDepth: LIMITS.maxMessageDepth, maxValues: LIMITS.maxMessageValues };
  if (scanJson(bytes, limits) !== 'ok') return 'depth';
  const text = decode(bytes);
  if (text === undefined) return 'utf8';
  const value = parse(text);
  if (value === undefined) return 'json';
  const parsed = parseUnknown(NewRecord, value);
  return parsed.success && findProtoKey(value) === undefined ? parsed.data : 'record';
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
