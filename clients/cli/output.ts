import { styleText } from 'node:util';
import type { CliContext } from './context.ts';

type Style = Parameters<typeof styleText>[0];

/** Whether colour is welcome. */
export type Look = Pick<CliContext, 'interactive' | 'environment'>;

/** Colour where it is welcome, else the text as it is. */
export function paint({ interactive, environment }: Look, style: Style, text: string): string {
  const isPlain = !interactive || (environment['NO_COLOR'] ?? '') !== '';
  return isPlain ? text : styleText(style, text, { validateStream: false });
}

const STEERING = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text of others (manifests, the daemon) without what could steer a terminal or reorder a line. */
export function plain(text: string): string {
  return text.replace(STEERING, '\ufffd');
}

/** One line of JSON; what could steer a terminal or reorder a line is escaped, so that the value is unchanged. */
export function toJsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    STEERING,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Rows as aligned columns; cells are made plain. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map(plain));
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

export function formatBytes(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  const amount = bytes / 1000 ** power;
  return `${amount.toFixed(power > 0 && amount < 10 ? 1 : 0)} ${UNITS[power] ?? 'B'}`;
}

/** `2026-11-21 22:06 UTC` of an ISO 8601 time. */
export function formatTime(at: string): string {
  return plain(`${at.slice(0, 10)} ${at.slice(11, 16)} UTC`);
}
