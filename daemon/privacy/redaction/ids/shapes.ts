/**
 * A shape that is one run, not a part of a decimal number, a date or a dotted or slashed list. `source` is of a regular
 * expression without regard to case; it must be bounded.
 */
export function unbroken(source: string): RegExp {
  return new RegExp(`(?<!\\d[-.,/:])(?:${source})(?![-.,/:]\\d)`, 'iy');
}

/** A shape of several groups that is not a part of a longer row of groups. */
export function grouped(source: string): RegExp {
  return new RegExp(`(?<!\\d[-.,/: ])(?:${source})(?![-.,/: ]\\d)`, 'iy');
}

/** Like {@link unbroken}, in capitals alone: for shapes that lower-case prose has as well. */
export function capitals(source: string): RegExp {
  return new RegExp(`(?<!\\d[-.,/:])(?:${source})(?![-.,/:]\\d)`, 'y');
}
