/** All ways to write places as letters (`a`) and digits (`d`), where an `x` may be either. */
function spellOut(places: string): string[] {
  const either = places.indexOf('x');
  if (either === -1) return [places];
  const [before, after] = [places.slice(0, either), places.slice(either + 1)];
  return [...spellOut(`${before}a${after}`), ...spellOut(`${before}d${after}`)];
}

/** Signatures of runs with these places: `addx` gives `a1d2a1` and `a1d3`. */
export function signaturesOf(...runs: readonly string[]): string[] {
  const signatures = runs
    .flatMap(spellOut)
    .map((places) => places.replace(/(.)\1*/g, (same) => `${same.charAt(0)}${same.length}`));
  return [...new Set(signatures)];
}

/** Signatures of runs of digits of these lengths, both ends included. */
export function digitRuns(least: number, most = least): string[] {
  return Array.from({ length: most - least + 1 }, (_, longer) => `d${least + longer}`);
}
