import type { Page, Region } from '@locara/protocol';
import type { OcrOps } from './ops.ts';
import { type Orientation, type Size, toStoredBox, toUprightSize } from './orientation.ts';

export type Level = OcrOps['recognize']['params']['level'];

interface Located {
  readonly text: string;
  /** 0 to 100. */
  readonly confidence: number;
  readonly bbox: {
    readonly x0: number;
    readonly y0: number;
    readonly x1: number;
    readonly y1: number;
  };
}
interface Line extends Located {
  readonly words: readonly Located[];
}

/** What the recogniser found, in pixels of the image it was given. */
export interface Recognised {
  readonly text: string;
  /** 0 to 100. */
  readonly confidence: number;
  readonly blocks:
    readonly (Located & { paragraphs: readonly { lines: readonly Line[] }[] | null })[] | null;
}

/** How the recognised image relates to the source. */
export interface Source extends Size {
  /** By how much it was enlarged. */
  readonly factor: number;
  /** How it was turned to stand upright. */
  readonly orientation: Orientation;
}

/** One page of the result, located in whole pixels of the source and always inside it. */
export function toPage(recognised: Recognised, level: Level, source: Source): Page {
  return {
    page: 1,
    text: recognised.text.trimEnd(),
    regions: locate(recognised, level)
      .filter(({ text }) => text.trim() !== '')
      .map((located) => toRegion(located, source)),
  };
}

/** Median height of the lines in pixels of the recognised image; undefined without lines. */
export function medianLineHeight(recognised: Recognised): number | undefined {
  const heights = linesOf(recognised)
    .map(({ bbox }) => bbox.y1 - bbox.y0)
    .sort((first, second) => first - second);
  return heights[heights.length >> 1];
}

function locate(recognised: Recognised, level: Level): readonly Located[] {
  const lines = linesOf(recognised);
  if (level === 'line') return lines;
  if (level === 'word') return lines.flatMap((line) => line.words);
  const edges = (edge: keyof Located['bbox']): number[] => lines.map(({ bbox }) => bbox[edge]);
  if (lines.length === 0) return [];
  const bbox = {
    x0: Math.min(...edges('x0')),
    y0: Math.min(...edges('y0')),
    x1: Math.max(...edges('x1')),
    y1: Math.max(...edges('y1')),
  };
  return [{ text: recognised.text, confidence: recognised.confidence, bbox }];
}

function linesOf({ blocks }: Recognised): readonly Line[] {
  return (blocks ?? []).flatMap((block) => (block.paragraphs ?? []).flatMap(({ lines }) => lines));
}

function toRegion({ text, confidence, bbox }: Located, source: Source): Region {
  const upright = toUprightSize(source, source.orientation);
  const x = clamp(Math.floor(bbox.x0 / source.factor), 0, upright.width - 1);
  const y = clamp(Math.floor(bbox.y0 / source.factor), 0, upright.height - 1);
  const right = clamp(Math.ceil(bbox.x1 / source.factor), x + 1, upright.width);
  const bottom = clamp(Math.ceil(bbox.y1 / source.factor), y + 1, upright.height);
  const box = { x, y, width: right - x, height: bottom - y };
  return {
    text: text.trimEnd(),
    confidence: clamp(confidence / 100, 0, 1),
    box: toStoredBox(box, source, source.orientation),
  };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
