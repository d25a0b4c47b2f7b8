import { stripVTControlCharacters } from 'node:util';

const HANGING = '  ';
const MIN_COLUMNS = 30;

/** One line as lines of at most `columns`, broken between words; those after the first hang by two more. */
export function wrapLine(line: string, columns: number): string[] {
  const indent = /^ */.exec(line)?.[0] ?? '';
  const room = Math.max(columns, MIN_COLUMNS);
  const lines: string[] = [];
  let current = indent;
  let hasWord = false;
  for (const word of line.slice(indent.length).split(' ')) {
    const longer = hasWord ? `${current} ${word}` : current + word;
    if (hasWord && widthOf(longer) > room) {
      lines.push(current);
      current = `${indent}${HANGING}${word}`;
    } else {
      current = longer;
    }
    hasWord = true;
  }
  return [...lines, current];
}

/** Colours take no room. */
function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}
