import type { PlaceholderPair } from '../redaction-ops.ts';
import { labelOf } from './entity-labels.ts';
import { normaliseValue } from './normalise-value.ts';

/** Every placeholder is one; bounded, so that looking for them is linear. */
const PLACEHOLDER = /\[[A-Z][A-Z0-9_]{0,63}_\d{1,10}\]/g;
const NUMBERED = /^\[([A-Z][A-Z0-9_]*)_(\d{1,10})\]$/;

/** Gives the same placeholder to the same value, and a number that nobody uses to a new one. */
export interface PlaceholderBook {
  /** What this text already has stands for nothing here: its placeholders are not given out. */
  avoid(text: string): void;
  placeholderOf(entity: string, value: string): string;
  /** Those given out since the book was opened, in order. */
  readonly issued: readonly PlaceholderPair[];
}

/** Goes on from what was given out before. */
export function openPlaceholderBook(known: readonly PlaceholderPair[] = []): PlaceholderBook {
  const placeholders = new Map<string, string>();
  const lastNumbers = new Map<string, number>();
  const taken = new Set<string>();
  const issued: PlaceholderPair[] = [];
  for (const [placeholder, original] of known) {
    const [, label = '', number = '0'] = NUMBERED.exec(placeholder) ?? [];
    placeholders.set(keyOf(label, original), placeholder);
    lastNumbers.set(label, Math.max(lastNumbers.get(label) ?? 0, Number(number)));
  }
  const nextOf = (label: string): string => {
    let number = lastNumbers.get(label) ?? 0;
    let placeholder: string;
    do placeholder = `[${label}_${(number += 1)}]`;
    while (taken.has(placeholder));
    lastNumbers.set(label, number);
    return placeholder;
  };
  return {
    issued,
    avoid: (text) => {
      for (const [placeholder] of text.matchAll(PLACEHOLDER)) taken.add(placeholder);
    },
    placeholderOf: (entity, value) => {
      const label = labelOf(entity);
      const key = keyOf(label, value);
      const given = placeholders.get(key);
      if (given !== undefined) return given;
      const placeholder = nextOf(label);
      placeholders.set(key, placeholder);
      issued.push([placeholder, value]);
      return placeholder;
    },
  };
}

/** Puts `replaceOf` for every placeholder that it knows, in one pass: what is put in is not looked at again. */
export function replacePlaceholders(
  text: string,
  replaceOf: (placeholder: string) => string | undefined,
): string {
  return text.replace(PLACEHOLDER, (placeholder) => replaceOf(placeholder) ?? placeholder);
}

function keyOf(label: string, value: string): string {
  return `${label}|${normaliseValue(label, value)}`;
}
