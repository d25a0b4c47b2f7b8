const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });
const PRINTABLE_ASCII = /^[ -~]*$/;
const SEPARATOR = /^[\s\-./():@,+]/u;

/** How a value is masked. */
export interface Mask {
  readonly keepLast: number;
  readonly character: string;
  /** Whether what parts the groups of a number stays, as the @ of an address does. */
  readonly keepsSeparators: boolean;
}

/**
 * Every grapheme but the last few as `character`. Half of them are masked at least, whatever is to be kept: a short
 * value is never shown whole.
 */
export function maskValue(value: string, { keepLast, character, keepsSeparators }: Mask): string {
  const graphemes = splitGraphemes(value);
  const isSeparator = (grapheme: string): boolean => keepsSeparators && SEPARATOR.test(grapheme);
  const count = graphemes.filter((grapheme) => !isSeparator(grapheme)).length;
  const masked = count - Math.min(keepLast, Math.floor(count / 2));
  let seen = 0;
  return graphemes
    .map((grapheme) => {
      if (isSeparator(grapheme)) return grapheme;
      seen += 1;
      return seen <= masked ? character : grapheme;
    })
    .join('');
}

function splitGraphemes(value: string): string[] {
  if (PRINTABLE_ASCII.test(value)) return value.split('');
  return Array.from(GRAPHEMES.segment(value), ({ segment }) => segment);
}
