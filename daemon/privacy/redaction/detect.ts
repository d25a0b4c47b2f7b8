import { chooseEntities } from './choose-entities.ts';
import { compileCustomPattern, type CustomSearch } from './custom-patterns.ts';
import { runAtOnce } from './in-slices.ts';
import { normaliseText, type NormalisedText } from './normalise-text.ts';
import type { Candidate, ScanSettings } from './recognizer.ts';
import { ENTITIES, RECOGNIZERS } from './recognizers.ts';
import type { DetectionSettings, Finding } from './redaction-ops.ts';
import { resolveOverlaps } from './resolve-overlaps.ts';
import { createScannedText } from './scanned-text.ts';

/** The least scores of the presets. */
const THRESHOLDS = { strict: 0, balanced: 0.35, precise: 0.6 } as const;

/** Settings that were read once, for any number of texts. */
export interface Detector {
  /** Pauses often, so that others may go first; ends with what was found. */
  search(text: string): Generator<undefined, Finding[]>;
}

/** Throws InvalidParams, `rule: unknown_pattern` or `custom_pattern`, where settings would miss what they seem to ask. */
export function createDetector(settings: DetectionSettings): Detector {
  const searches = (settings.custom ?? []).map(compileCustomPattern);
  const names = new Set(searches.map(({ name }) => name));
  const entities =
    settings.patterns === undefined ? ENTITIES : chooseEntities(settings.patterns, ENTITIES, names);
  const { threshold, region } = settings;
  // `dateOfBirth` is what is asked for unless the entity itself is named.
  const named = new Set(settings.patterns);
  const scan = { region, hasAllDates: named.has('DATE_TIME'), named };
  const least = typeof threshold === 'number' ? threshold : THRESHOLDS[threshold];
  return {
    *search(text) {
      const found: Candidate[] = [];
      const normalised = normaliseText(text);
      for (const candidate of scanAll(normalised, entities, scan)) {
        if (candidate !== undefined && candidate.score >= least) found.push(candidate);
        yield;
      }
      for (const candidate of searchAll(normalised, text, searches)) {
        if (candidate !== undefined && candidate.score >= least) found.push(candidate);
        yield;
      }
      return resolveOverlaps(found, names, text);
    },
  };
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

/** What is in a text, in UTF-16 offsets, in order and without overlaps. Throws as `createDetector` does. */
export function detect(text: string, settings: DetectionSettings): Finding[] {
  return runAtOnce(createDetector(settings).search(text));
}
