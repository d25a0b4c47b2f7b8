import { setImmediate } from 'node:timers/promises';
import { RpcError } from '@locara/protocol';
import type { PrivacyEffect } from '../../audit/effect-window.ts';
import type { PrivacyOps } from '../../workers/privacy/ops.ts';
import type { Worker } from '../../workers/worker.ts';
import type { PrivacyCall } from '../privacy-call.ts';
import type {
  DetectionSettings,
  Finding,
  RedactionOps,
  RedactionSettings,
} from '../redaction/redaction-ops.ts';
import { type PackedFindings, unpackFindings } from '../redaction/packed-findings.ts';
import { countEntities } from '../redaction/replacement/create-replacer.ts';
import { replacePlaceholders } from '../redaction/replacement/placeholder-book.ts';
import { addCounts } from './add-counts.ts';
import type { PseudonymKeys } from './pseudonym-keys.ts';
import { openRedactionStream } from './redaction-stream.ts';
import type { Redacted, Redactor } from './redactor.ts';
import type { RestoreMap, RestoreMaps } from './restore-maps.ts';

/** From when the worker begins: a hundred times what the longest text of one message takes. */
const TIMEOUT_MS = 60_000;
/** With the time in which the calls of others go first. */
const DEADLINE_MS = 5 * 60_000;
/** What a call costs of the worker is told in these. */
const CHARS_A_UNIT = 1024;
/** What restoring may make of a text, in characters. */
const MAX_RESTORED_CHARS = 4 * 1024 * 1024;
/** Counted in a turn of the event loop, some milliseconds at most. */
const FINDINGS_A_TURN = 2000;
/** Restored in a turn of the event loop, some 3 ms at most; then others come first. */
const RESTORED_CHARS_A_TURN = 64 * 1024;

export interface RedactorDeps {
  readonly worker: Pick<Worker<PrivacyOps>, 'call'>;
  readonly maps: RestoreMaps;
  readonly keys: Pick<PseudonymKeys, 'of'>;
  /** For the audit log; never throws. */
  readonly onRedacted: (effect: PrivacyEffect) => void;
}

type SettingsWithMap = RedactionSettings & { readonly restoreId?: string | undefined };

export function createRedactor(deps: RedactorDeps): Redactor {
  const { maps, keys, onRedacted } = deps;
  const tell = (
    { session, method }: PrivacyCall,
    counts: Redacted['counts'],
    custom: DetectionSettings['custom'] = [],
  ): void => {
    if (Object.keys(counts).length === 0) return;
    const { appId } = session;
    onRedacted({ appId, method, step: 'redact', counts: withoutNames(counts, custom) });
  };
  return {
    detect: (texts, settings, call) => detect(deps, { texts, settings }, call),
    redact: async (texts, settings, call) => {
      const redacted = await redact(deps, { texts, settings }, call);
      tell(call, redacted.counts, settings.custom);
      return redacted;
    },
    openStream: ({ restoreId, ...settings }, call) =>
      openRedactionStream({
        settings,
        detect: async (text, detection) =>
          (await detect(deps, { texts: [text], settings: detection }, call))[0] ?? [],
        onFound: (counts) => {
          tell(call, counts, settings.custom);
        },
        map: modeOf(settings) === 'placeholder' ? maps.open(call.session, restoreId) : undefined,
        pseudonymKey:
          modeOf(settings) === 'pseudonym' ? () => keys.of(call.session.appId) : undefined,
      }),
    restore: async (session, restoreId, text) => restore(maps.find(session, restoreId), text),
    forget: (session, restoreId) => maps.forget(session, restoreId),
    forgetSession: (session) => {
      maps.forgetSession(session);
    },
  };
}

async function detect(
  { worker }: RedactorDeps,
  { texts, settings }: { texts: readonly string[]; settings: DetectionSettings },
  call: PrivacyCall,
): Promise<readonly (readonly Finding[])[]> {
  const { found } = await worker.call('detect', { texts, settings }, waiting(texts, call));
  if (found.counts.length !== texts.length) throw brokenAnswer();
  return unpack(found);
}

interface Asked {
  readonly texts: readonly string[];
  readonly settings: SettingsWithMap;
}

async function redact(deps: RedactorDeps, asked: Asked, call: PrivacyCall): Promise<Redacted> {
  const { texts } = asked;
  const { restoreId, ...settings } = asked.settings;
  const { appId, id: session } = call.session;
  const mode = modeOf(settings);
  if (mode === 'pseudonym') {
    const pseudonymKey = await deps.keys.of(appId);
    return toRedacted(await runRedact(deps, { texts, settings, pseudonymKey }, call));
  }
  if (mode !== 'placeholder') return toRedacted(await runRedact(deps, { texts, settings }, call));
  const map = deps.maps.open(call.session, restoreId);
  try {
    return await map.exclusively(async () => {
      const params = { texts, settings, placeholders: map.pairs() };
      const answer = await runRedact(deps, params, call);
      map.add(answer.placeholders);
      await letOthers(answer, call);
      return { ...toRedacted(answer), restoreId: map.id };
    });
  } catch (error) {
    if (restoreId === undefined) deps.maps.forget(session, map.id);
    throw error;
  }
}

async function runRedact(
  { worker }: RedactorDeps,
  params: RedactionOps['redact']['params'],
  call: PrivacyCall,
): Promise<RedactionOps['redact']['result']> {
  const { texts } = params;
  const answer = await worker.call('redact', params, waiting(texts, call));
  if (answer.texts.length !== texts.length) throw brokenAnswer();
  await letOthers(answer, call);
  return answer;
}

/** Reading, counting and keeping so many findings takes a turn of the event loop each. */
async function letOthers(
  { found }: Pick<RedactionOps['redact']['result'], 'found'>,
  { signal }: PrivacyCall,
): Promise<void> {
  if (found.counts.every((count) => count < FINDINGS_A_TURN)) return;
  await setImmediate();
  signal.throwIfAborted();
}

function toRedacted({ texts, found }: RedactionOps['redact']['result']): Redacted {
  const findings = unpack(found);
  return { texts, findings, counts: countEntities(findings.flat()) };
}

function unpack(found: PackedFindings): readonly (readonly Finding[])[] {
  const findings = unpackFindings(found);
  if (findings === undefined) throw brokenAnswer();
  return findings;
}

async function restore(
  map: RestoreMap,
  text: string,
): Promise<{ readonly text: string; readonly restored: number }> {
  let restored = 0;
  let growth = 0;
  const originalOf = (placeholder: string): string | undefined => {
    const original = map.originalOf(placeholder);
    if (original === undefined) return undefined;
    restored += 1;
    growth += original.length - placeholder.length;
    if (growth > MAX_RESTORED_CHARS) throw tooLong();
    return original;
  };
  const pieces: string[] = [];
  for (const piece of cutBetweenPlaceholders(text)) {
    if (pieces.length > 0) await setImmediate();
    pieces.push(replacePlaceholders(piece, originalOf));
  }
  return { text: pieces.join(''), restored };
}

/** Only before a bracket, which no placeholder has within it. */
function* cutBetweenPlaceholders(text: string): Generator<string, void> {
  for (let from = 0; from < text.length;) {
    const bracket = text.indexOf('[', from + RESTORED_CHARS_A_TURN);
    const to = bracket === -1 ? text.length : bracket;
    yield text.slice(from, to);
    from = to;
  }
}

function waiting(texts: readonly string[], { session, signal }: PrivacyCall) {
  const chars = texts.reduce((sum, { length }) => sum + length, 0);
  return {
    app: session.appId,
    signal,
    cost: Math.ceil(chars / CHARS_A_UNIT) + 1,
    timeoutMs: TIMEOUT_MS,
    deadlineMs: DEADLINE_MS,
  };
}

/** What the app named itself is `CUSTOM`: names are text of its own. */
function withoutNames(
  counts: Redacted['counts'],
  custom: NonNullable<DetectionSettings['custom']>,
): PrivacyEffect['counts'] {
  const own = new Set(custom.map(({ name }) => name));
  return Object.entries(counts)
    .map(([entity, count]) => ({ [own.has(entity) ? 'CUSTOM' : entity]: count }))
    .reduce(addCounts, {});
}

function modeOf({ replacement }: RedactionSettings): string {
  return typeof replacement === 'string' ? 'text' : replacement.mode;
}

function brokenAnswer(): RpcError {
  return new RpcError('InternalError', 'The engine failed.');
}

function tooLong(): RpcError {
  return new RpcError('PayloadTooLarge', 'Restoring makes the text too long.', {
    details: { limitBytes: MAX_RESTORED_CHARS },
  });
}
