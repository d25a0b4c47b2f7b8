import { AppManifest } from './app-manifest.ts';
import { type ManifestFinding, toFindings } from './manifest-findings.ts';
import { findWarnings, type TaskOfModel } from './manifest-warnings.ts';
import { parseUnknown } from './parse-unknown.ts';
import { parseStrictJson, StrictJsonError } from './strict-json.ts';

export interface ManifestCheck {
  /** Present exactly when there are no errors; defaults are filled in. */
  readonly manifest?: AppManifest;
  readonly errors: readonly ManifestFinding[];
  readonly warnings: readonly ManifestFinding[];
}

/**
 * Checks the raw bytes of a locara.json: errors refuse it, warnings are for its author and reviewers.
 * With `taskOfModel`, models and modalities are compared one by one.
 */
export function checkManifest(bytes: Uint8Array, taskOfModel?: TaskOfModel): ManifestCheck {
  const document = parseDocument(bytes);
  if ('finding' in document) return { errors: [document.finding], warnings: [] };
  const parsed = parseUnknown(AppManifest, document.value);
  if (!parsed.success) {
    return { errors: toFindings(parsed.issues, document.value), warnings: [] };
  }
  return { manifest: parsed.data, errors: [], warnings: findWarnings(parsed.data, taskOfModel) };
}

function parseDocument(bytes: Uint8Array): { value: unknown } | { finding: ManifestFinding } {
  try {
    return { value: parseStrictJson(bytes) };
  } catch (error) {
    if (error instanceof StrictJsonError) {
      return { finding: { path: error.path, rule: error.rule } };
    }
    throw error;
  }
}
