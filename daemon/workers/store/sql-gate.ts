import { notConfined } from '../../stores/database/store-errors.ts';
import type { Engine } from '../engine.ts';
import type { SealReport } from '../seal/settings.ts';
import type { StoreOps } from './ops.ts';

const SQL_OPS = ['exec', 'query', 'batch', 'migrate'] as const satisfies (keyof StoreOps)[];

/** Closes the operations that run SQL of the app's where this process could read other files. */
export function gateSql(
  engine: Engine<StoreOps>,
  { areFilesConfined }: SealReport,
): Engine<StoreOps> {
  if (areFilesConfined) return engine;
  const refuse = (): never => {
    throw notConfined();
  };
  return { ...engine, ...Object.fromEntries(SQL_OPS.map((op) => [op, refuse])) };
}
