import type { StoreOps } from '../ops.ts';

/** `writes` changes what the app keeps; `copies` makes copies of the file, or puts one in its place. */
export type OpEffect = 'reads' | 'writes' | 'copies';

/** What each operation does to the store's file. */
export const OP_EFFECTS: Readonly<Record<keyof StoreOps, OpEffect>> = {
  exec: 'writes',
  query: 'reads',
  batch: 'writes',
  migrate: 'writes',
  describeStore: 'reads',
  createCollection: 'writes',
  listCollections: 'reads',
  describeCollection: 'reads',
  dropCollection: 'writes',
  upsertRecords: 'writes',
  getRecords: 'reads',
  deleteRecords: 'writes',
  searchRecords: 'reads',
  explainSearch: 'reads',
  exportRecords: 'reads',
  readTexts: 'reads',
  countTexts: 'reads',
  writeVectors: 'writes',
  finishReembedding: 'writes',
  describeOpening: 'reads',
  describeWalls: 'reads',
  describeUse: 'reads',
  describeContents: 'reads',
  beginExport: 'reads',
  readExport: 'reads',
  endExport: 'reads',
  createBackup: 'copies',
  tendBackups: 'copies',
  listBackups: 'reads',
  restoreBackup: 'copies',
  rotateKey: 'copies',
  checkStore: 'reads',
  salvage: 'reads',
};
