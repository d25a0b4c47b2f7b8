import type { CodeMemory } from './code-memory.ts';
import type { CodeTable, SegmentBounds } from './code-table.ts';
import { findKey, GONE, headBytes, type Segment, type WholeSegment } from './segment.ts';

/**
 * The segments in memory: all of them with their nibbles, or without, or none, whatever fits. The others
 * are read from the file, each time.
 */
export interface SegmentCache {
  load(): void;
  get(index: number): Segment;
  fineOf(segment: Segment): Uint8Array;
  whole(index: number): WholeSegment;
  /** The bounds have changed so: `made` in the place of `old` segments. */
  splice(index: number, old: number, made: readonly WholeSegment[]): void;
  markGone(index: number, key: number): void;
  forget(): void;
}

interface SegmentCacheParts {
  readonly table: CodeTable;
  readonly memory: CodeMemory;
  /** Of all segments; whoever changes them says so by `splice`. */
  readonly bounds: readonly SegmentBounds[];
  readonly width: number;
}

export function createSegmentCache(parts: SegmentCacheParts): SegmentCache {
  const { table, memory, bounds, width } = parts;
  let held: Segment[] | undefined;
  let isTooMuch = false;
  const holder = {
    release: (): void => {
      held = undefined;
    },
  };
  const claim = (bytesPerVector: number): boolean => {
    const bytes = bounds.reduce(
      (sum, { count }) => sum + headBytes(count) + count * bytesPerVector,
      0,
    );
    return memory.claim(holder, bytes);
  };
  const claimWithFine = (): boolean => claim(width / 8 + width / 2);
  const forget = (): void => {
    held = undefined;
    isTooMuch = false;
    memory.leave(holder);
  };
  const read = (index: number): Segment => {
    const segment = bounds[index];
    if (segment === undefined) throw new Error('there is no such segment');
    return table.read(segment, { first: bounds[index - 1]?.last ?? 0, width });
  };
  const get = (index: number): Segment => held?.[index] ?? read(index);
  const fineOf = ({ fine, last }: Segment): Uint8Array => fine ?? table.readFine(last);
  const readWhole = (segment: Segment): WholeSegment => ({ ...segment, fine: fineOf(segment) });
  return {
    load: () => {
      memory.touch(holder);
      if (held !== undefined || isTooMuch) return;
      if (claimWithFine()) held = bounds.map((_, index) => readWhole(read(index)));
      else if (claim(width / 8)) held = bounds.map((_, index) => read(index));
      else isTooMuch = true;
    },
    get,
    fineOf,
    whole: (index) => readWhole(get(index)),
    splice: (index, old, made) => {
      // Where not everything fits, the next search settles anew what does.
      if (held?.[0]?.fine !== undefined && claimWithFine()) held.splice(index, old, ...made);
      else forget();
    },
    markGone: (index, key) => {
      const segment = held?.[index];
      const place = segment === undefined ? undefined : findKey(segment, key);
      if (segment !== undefined && place !== undefined) segment.records[place] = GONE;
    },
    forget,
  };
}
