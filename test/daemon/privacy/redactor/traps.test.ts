import { expect, test } from 'vitest';
import { createRedactionOps } from '../../../../daemon/privacy/redaction/create-redaction-ops.ts';
import { detect } from '../../../../daemon/privacy/redaction/detect.ts';
import type { RedactionSettings } from '../../../../daemon/privacy/redaction/redaction-ops.ts';
import { openRedactionStream } from '../../../../daemon/privacy/redactor/redaction-stream.ts';
import { readTraps, type Trap } from '../../../support/judged-texts.ts';

const SETTINGS: RedactionSettings = { threshold: 'balanced', replacement: '[{PATTERN}]' };
const CALL = {
  signal: new AbortController().signal,
  chunk: () => undefined,
  progress: () => undefined,
};
const TRAPS = readTraps().map((trap) => ({ ...trap, text: trap.pieces.join('') }));

async function redactWhole(text: string): Promise<string> {
  const { redact } = createRedactionOps();
  const { texts } = await redact({ texts: [text], settings: SETTINGS }, CALL);
  return texts[0] ?? '';
}

async function redactPieces(pieces: readonly string[]): Promise<string> {
  const stream = openRedactionStream({
    settings: SETTINGS,
    detect: (text) => Promise.resolve(detect(text, SETTINGS)),
    onFound: () => undefined,
  });
  let redacted = '';
  for (const piece of pieces) redacted += await stream.push(piece);
  return redacted + (await stream.end());
}

function faultsOf(redacted: string, { secrets, keeps }: Trap): readonly string[] {
  return [
    ...secrets.filter((secret) => redacted.includes(secret)).map((secret) => `left ${secret}`),
    ...keeps.filter((kept) => !redacted.includes(kept)).map((kept) => `lost ${kept}`),
  ];
}

test.each(TRAPS)('$id, at once: $note', async (trap) => {
  expect(faultsOf(await redactWhole(trap.text), trap)).toEqual([]);
});

test.each(TRAPS)('$id, in pieces: $note', async (trap) => {
  const redacted = await redactPieces(trap.pieces);
  expect(faultsOf(redacted, trap)).toEqual([]);
  expect(redacted).toBe(await redactWhole(trap.text));
});
