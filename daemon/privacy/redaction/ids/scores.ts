/**
 * How likely an id is what it looks like, by how often chance passes for one: below 0.35 a finding shows in `balanced`
 * detection only with a word of its context before it.
 */
export const SCORES = {
  /** Many a number looks so, and nothing is proven; 0.4 with context. */
  vague: 0.05,
  /** Letters and digits in their places, nothing proven; 0.5 with context. */
  loose: 0.15,
  /** One number in ten passes the check; 0.65 with context. */
  checked: 0.3,
  /** Written as this id is, or one in a hundred passes. */
  likely: 0.4,
  /** Fewer than one in a hundred pass. */
  sound: 0.5,
  /** Fewer than one in five hundred, with letters or dates in their places. */
  certain: 0.7,
} as const;
