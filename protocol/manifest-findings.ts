import type * as z from 'zod';
import { AppManifest } from './app-manifest.ts';
import { findNearestKey } from './nearest-key.ts';
import { renderPath } from './strict-json.ts';

/** Where a manifest breaks, or stretches, which rule; never its values. */
export interface ManifestFinding {
  /** As `capabilities.tools[0]`; empty for the document. */
  readonly path: string;
  readonly rule: string;
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

const MAX_FINDINGS = 64;

/** What is wrong with a document, in the words of a manifest's author. */
export function toFindings(issues: readonly Issue[], document: unknown): ManifestFinding[] {
  const findings: ManifestFinding[] = [];
  for (const issue of issues) {
    for (const finding of describeIssue(issue, [], document)) {
      if (findings.length === MAX_FINDINGS) {
        return [...findings, { path: '', rule: 'and more: mend these first' }];
      }
      findings.push(finding);
    }
  }
  return findings;
}

function* describeIssue(issue: Issue, base: Path, document: unknown): Generator<ManifestFinding> {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) yield describeUnknownKey(path, key);
    return;
  }
  if (issue.code === 'invalid_union') {
    const meant = findMeantOption(issue);
    if (meant !== undefined) {
      for (const inner of meant) yield* describeIssue(inner, path, document);
      return;
    }
  }
  const isMissing = isAbsent(document, path);
  yield { path: renderPath(path), rule: isMissing ? 'is required' : describeRule(issue) };
}

function describeUnknownKey(path: Path, key: string): ManifestFinding {
  const nearest = findNearestKey(AppManifest, path, key);
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  return { path: renderPath([...path, key]), rule: `no key of locara/v1${hint}` };
}

/** Of the alternatives, the only one whose kind of value this is. */
function findMeantOption(issue: z.core.$ZodIssueInvalidUnion): readonly Issue[] | undefined {
  const fitting = issue.errors.filter((errors) =>
    errors.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

function isAbsent(document: unknown, path: Path): boolean {
  let value = document;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return false;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[step];
  }
  return value === undefined;
}

const TYPES = new Map([
  ['string', 'text in quotes'],
  ['number', 'a number'],
  ['int', 'a whole number'],
  ['boolean', 'true or false'],
  ['array', 'a list in brackets'],
  ['object', 'an object in braces'],
  ['record', 'an object in braces'],
]);

/** The rule that an issue is about; none of these texts has the value in it. */
function describeRule(issue: Issue): string {
  if (issue.code === 'invalid_type') return TYPES.get(issue.expected) ?? issue.expected;
  if (issue.code === 'invalid_key') return issue.issues.map(describeRule).join('; ');
  if (issue.code === 'too_big') {
    return `at most ${String(issue.maximum)}${unitOf(issue.origin)}`;
  }
  if (issue.code === 'too_small') {
    const bound = issue.inclusive === false ? 'more than' : 'at least';
    return `${bound} ${String(issue.minimum)}${unitOf(issue.origin)}`;
  }
  if (issue.code === 'invalid_value') {
    const values = issue.values.map((value) => JSON.stringify(value));
    return values.length === 1 ? values.join('') : `one of ${values.join(', ')}`;
  }
  return issue.message;
}

function unitOf(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '';
}
