import { RpcError } from '@locara/protocol/errors';
import { chooseEntities } from './choose-entities.ts';
import { compileCustomPattern, type CustomSearch } from './custom-patterns.ts';
import { runAtOnce } from './in-slices.ts';
import { normalise, type NormalisedText } from './normalise-text.ts';
import type { Candidate, ScanSettings } from './recognizer.ts';
import { ENTITIES, RECOGNIZERS } from './recognizers.ts';
import type { CustomPattern, DetectionSettings, Finding } from './redaction-ops.ts';
import { resolveOverlaps } from './resolve-overlaps.ts';
import { createScannedText } from './scanned-text.ts';

/** The least scores of the presets. */
const THRESHOLDS = { strict: 0, balanced: 0.35, precise: 0.6 } as const;
/** More do not fit one answer. Choosing among so many and handing them over takes some 50 ms, in which nobody else has a turn. */
export const MAX_FINDINGS = 32_768;
const MAX_CANDIDATES = 2 * MAX_FINDINGS;

/** Settings that were read once, for any number of texts. */
export interface Detector {
  /** Pauses often, so that others may go first; ends with what was found. */
  search(text: string): Generator<undefined, Finding[]>;
}

/**
 * Throws InvalidParams, `rule: unknown_pattern`, where settings would miss what they seem to ask; a search throws it with
 * `custom_pattern`, and PayloadTooLarge with `too_many_entities`.
 */
export function createDetector(settings: DetectionSettings): Detector {
  const { custom = [] } = settings;
  let searches: readonly CustomSearch[] | undefined;
  const names = new Set(custom.map(({ name }) => name));
  const entities =
    settings.patterns === undefined ? ENTITIES : chooseEntities(settings.patterns, ENTITIES, names);
  const { threshold, region } = settings;
  // `dateOfBirth` is what is asked for unless the entity itself is named.
  const named = new Set(settings.patterns);
  const scan = { region, hasAllDates: named.has('DATE_TIME'), named };
  const least = typeof threshold === 'number' ? threshold : THRESHOLDS[threshold];
  return {
    *search(text) {
      searches ??= yield* compileAll(custom);
      const found: Candidate[] = [];
      const keep = (candidate: Candidate | undefined): void => {
        if (candidate === undefined || candidate.score < least) return;
        if (found.push(candidate) > MAX_CANDIDATES) throw tooManyFindings();
      };
      const normalised = yield* normalise(text);
      for (const candidate of scanAll(normalised, entities, scan)) {
        keep(candidate);
        yield;
      }
      for (const candidate of searchAll(normalised, text, searches)) {
        keep(candidate);
        yield;
      }
      const findings = resolveOverlaps(found, names, text);
      if (findings.length > MAX_FINDINGS) throw tooManyFindings();
      return findings;
    },
  };
}

export function tooManyFindings(): RpcError {
  const message = 'So much is found that it does not fit one answer: give a part of the text.';
  return new RpcError('PayloadTooLarge', message, {
    details: { rule: 'too_many_entities', limit: MAX_FINDINGS },
  });
}

/** Some classes of characters take long to compile: pauses after each pattern. */
function* compileAll(custom: readonly CustomPattern[]): Generator<undefined, CustomSearch[]> {
  const searches: CustomSearch[] = [];
  for (const pattern of custom) {
    searches.push(compileCustomPattern(pattern));
    yield;
  }
  return searches;
}

function* scanAll(
  normalised: NormalisedText,
  entities: ReadonlySet<string>,
  settings: ScanSettings,
): Iterable<Candidate | undefined> {
  const scanned = createScannedText(normalised.text);
  for (const recognizer of RECOGNIZERS) {
    if (!recognizer.entities.some((entity) => entities.has(entity))) continue;
    for (const candidate of recognizer.scan(scanned, settings)) {
      if (candidate === undefined) yield undefined;
      else if (entities.has(candidate.entity)) yield placeBack(candidate, normalised);
    }
  }
}

/** A caller's pattern may mean the text as it is, or as it reads. */
function* searchAll(
  normalised: NormalisedText,
  text: string,
  searches: readonly CustomSearch[],
): Iterable<Candidate | undefined> {
  for (const { search } of searches) {
    yield* search(text);
    if (normalised.text === text) continue;
    for (const candidate of search(normalised.text)) {
      yield candidate === undefined ? undefined : placeBack(candidate, normalised);
    }
  }
}

function placeBack(candidate: Candidate, { toOriginal }: NormalisedText): Candidate {
  return { ...candidate, ...toOriginal(candidate.start, candidate.end) };
}

/** What is in a text, in UTF-16 offsets, in order and without overlaps. Throws as `createDetector` and its search do. */
export function detect(text: string, settings: DetectionSettings): Finding[] {
  return runAtOnce(createDetector(settings).search(text));
}
