import { median, type Row } from '../measure.ts';
import { fillPlain, fillStore, openTwoDatabases, POINT_READ, type TwoDatabases } from './tables.ts';

const ROWS = 100_000;
const READS = 20_000;
const ROUNDS = 7;
/** Spreads the reads over the table. */
const STRIDE = 7919;

/** The store's own database layer against plain SQLite, in this process, turn by turn. */
export function benchDatabaseLayer(): readonly Row[] {
  const inserts = benchInserts();
  using both = openTwoDatabases();
  fillStore(both.store, ROWS);
  fillPlain(both.plain, ROWS);
  return [...inserts, benchPointReads(both), benchScans(both)];
}

function benchInserts(): readonly Row[] {
  const rounds = { ours: [] as number[], plain: [] as number[] };
  const settled = { ours: [] as number[], plain: [] as number[] };
  for (let round = 0; round < 5; round += 1) {
    using both = openTwoDatabases();
    const ours = timed(() => {
      fillStore(both.store, ROWS);
    });
    const plain = timed(() => {
      fillPlain(both.plain, ROWS);
    });
    rounds.ours.push(ours);
    rounds.plain.push(plain);
    const checkpoint = 'PRAGMA wal_checkpoint(TRUNCATE)';
    settled.ours.push(ours + timed(() => [...both.store.prepare(checkpoint).rows()]));
    settled.plain.push(plain + timed(() => both.plain.prepare(checkpoint).all()));
  }
  return [
    toRow('insert of 100,000 rows at once', rounds, '≥ 0.5×'),
    toRow('the same, log written back', settled),
  ];
}

function benchPointReads({ store, plain }: TwoDatabases): Row {
  const ours = store.prepare(POINT_READ);
  const theirs = plain.prepare(POINT_READ);
  const eachRow = (read: (id: number) => void) => () => {
    for (let index = 0; index < READS; index += 1) read((index * STRIDE) % ROWS);
  };
  const readOurs = eachRow((id) => ours.first([BigInt(id)]));
  const readTheirs = eachRow((id) => theirs.get(id));
  return toRow('20,000 point reads, warm', takeTurns(readOurs, readTheirs), '≥ 0.9×');
}

function benchScans({ store, plain }: TwoDatabases): Row {
  const sql = 'SELECT * FROM notes';
  const [ours, theirs] = [store.prepare(sql), plain.prepare(sql)];
  const scan = (rows: Iterable<unknown>): number => {
    let count = 0;
    for (const row of rows) count += row === undefined ? 0 : 1;
    return count;
  };
  const scanOurs = () => scan(ours.rows());
  return toRow(
    'scan of 100,000 rows, warm',
    takeTurns(scanOurs, () => scan(theirs.iterate())),
    '≥ 0.9×',
  );
}

interface Turns {
  readonly ours: readonly number[];
  readonly plain: readonly number[];
}

function takeTurns(ours: () => unknown, plain: () => unknown): Turns {
  ours();
  plain();
  const turns = { ours: [] as number[], plain: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    turns.ours.push(timed(ours));
    turns.plain.push(timed(plain));
  }
  return turns;
}

function toRow(name: string, { ours, plain }: Turns, goal?: string): Row {
  const [oursMs, plainMs] = [median(ours), median(plain)];
  return {
    name,
    ours: `${(plainMs / oursMs).toFixed(2)}×, ${oursMs.toFixed(1)} ms`,
    peer: `plain SQLite ${plainMs.toFixed(1)} ms`,
    ...(goal === undefined ? {} : { goal }),
  };
}

export function timed(work: () => unknown): number {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
}
