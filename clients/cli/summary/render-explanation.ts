import type { Explanation } from '@locara/protocol';
import { type Look, paint, plain } from '../output.ts';

/** A call of one app, and every check that decides about it. */
export interface ExplainedCall {
  readonly appId: string;
  readonly method: string;
  readonly explanation: Explanation;
}

export function renderExplanation(
  { appId, method, explanation: { allowed, checks } }: ExplainedCall,
  look: Look,
): string[] {
  const verdict = allowed ? 'may call' : 'may not call';
  return [
    paint(look, 'bold', `${plain(appId)} ${verdict} ${plain(method)}.`),
    ...checks.flatMap((check) => renderCheck(check, look)),
  ];
}

function renderCheck(
  { holds, sentence, remedy, onlySome }: Explanation['checks'][number],
  look: Look,
): string[] {
  const sign = holds ? paint(look, 'green', '✓') : paint(look, 'red', '✗');
  const scope = onlySome === true ? 'For some calls: ' : '';
  return [
    `  ${sign} ${scope}${plain(sentence)}`,
    ...(remedy === undefined ? [] : [`      ${plain(remedy)}`]),
  ];
}
