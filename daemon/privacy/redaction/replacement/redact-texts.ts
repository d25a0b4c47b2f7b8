import { setImmediate } from 'node:timers/promises';
import { RpcError } from '@locara/protocol/errors';
import { LIMITS } from '@locara/protocol/limits';
import type { Engine, EngineCall } from '../../../workers/engine.ts';
import { packFindings } from '../packed-findings.ts';
import type { Finding, RedactionOps } from '../redaction-ops.ts';
import { assertMayPass, createReplacer } from './create-replacer.ts';
import { editText } from './edit-text.ts';
import { openPlaceholderBook } from './placeholder-book.ts';

type Redact = Engine<RedactionOps>['redact'];
/** What is found, by text. */
export type Detect = (
  asked: RedactionOps['detect']['params'],
  call: EngineCall<never>,
) => Promise<readonly (readonly Finding[])[]>;

/** So many are replaced in some milliseconds at most, whatever by; then others have a turn. */
const FINDINGS_A_TURN = 500;
const CHARS_A_TURN = 256 * 1024;
/** Nothing longer fits an answer; more than this is not even built. */
const MAX_GROWTH_CHARS = LIMITS.maxMessageBytes;

/**
 * Detects and replaces. Between slices of the work other calls have their turn, and this one may be cancelled. Throws
 * PayloadTooLarge where replacements would make the texts megabytes longer.
 */
export function createRedact(detect: Detect): Redact {
  return async ({ texts, settings, pseudonymKey, placeholders }, call) => {
    const { replacement, ...detection } = settings;
    const findings = await detect({ texts, settings: detection }, call);
    assertMayPass(replacement, findings.flat());
    const book = openPlaceholderBook(placeholders);
    const edited: string[] = [];
    const giveTurn = countTurns(call);
    for (const text of texts) {
      book.avoid(text);
      await giveTurn(text.length, CHARS_A_TURN);
    }
    const replacer = createReplacer(replacement, { book, pseudonymKey });
    let growth = 0;
    for (const [at, text] of texts.entries()) {
      const pieces: string[] = [];
      for (const { slice, from, to } of sliceWork(findings[at] ?? [], text.length)) {
        const piece = editText(text, { findings: slice, replacer, from, to });
        growth += piece.length - (to - from);
        if (growth > MAX_GROWTH_CHARS) throw tooLong();
        pieces.push(piece);
        await giveTurn(slice.length + 1, FINDINGS_A_TURN);
      }
      edited.push(pieces.join(''));
    }
    return { texts: edited, found: packFindings(findings), placeholders: book.issued };
  };
}

/** The findings in slices, each with the part of the text that ends with its last one. */
function* sliceWork(
  findings: readonly Finding[],
  length: number,
): Generator<{ slice: readonly Finding[]; from: number; to: number }> {
  let from = 0;
  for (let at = 0; at < findings.length; at += FINDINGS_A_TURN) {
    const slice = findings.slice(at, at + FINDINGS_A_TURN);
    const to = slice.at(-1)?.end ?? length;
    yield { slice, from, to };
    from = to;
  }
  yield { slice: [], from, to: length };
}

function countTurns(call: Pick<EngineCall<never>, 'signal'>) {
  let done = 0;
  return async (work: number, turn: number): Promise<void> => {
    done += work / turn;
    if (done < 1) return;
    done = 0;
    await setImmediate();
    if (call.signal.aborted) throw new RpcError('Cancelled', 'The call was cancelled.');
  };
}

function tooLong(): RpcError {
  return new RpcError('PayloadTooLarge', 'The replacements make the text too long.', {
    details: { limitBytes: MAX_GROWTH_CHARS },
  });
}
