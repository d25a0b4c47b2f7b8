import type { RightsChange, RightsDiff } from '@locara/protocol';
import type { Look } from '../output.ts';
import { paint, plain } from '../output.ts';

/** How the rights change, one line each: `+` new, `~` more or less, `−` gone. */
export function renderDiff(
  { added, widened, narrowed, removed }: RightsDiff,
  look: Look,
): string[] {
  const lines = [
    ...added.map((change) => paint(look, 'yellow', `  + new: ${describe(change)}`)),
    ...widened.map((change) => paint(look, 'yellow', `  ~ more: ${describe(change)}`)),
    ...narrowed.map((change) => paint(look, 'green', `  ~ less: ${describe(change)}`)),
    ...removed.map((change) => paint(look, 'green', `  − gone: ${describe(change)}`)),
  ];
  return lines.length === 0 ? ['  Nothing changes in what it may do.'] : lines;
}

function describe({ sentence, from, to }: RightsChange): string {
  const isTold = from === undefined || to === undefined || sentence.includes(from);
  return plain(isTold ? sentence : `${sentence} (${from} → ${to})`);
}
