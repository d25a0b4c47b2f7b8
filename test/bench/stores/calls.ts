import { createSql } from '../../../daemon/stores/sql/sql.ts';
import type { DaemonProcess } from '../../support/daemon-process.ts';
import { installSample } from '../../support/install-sample.ts';
import { authenticate, openWire, type Wire } from '../../support/raw-client.ts';
import { descendantsOf } from '../../support/process-tree.ts';
import { median, percentile, type Row } from '../measure.ts';
import { pingDuring } from '../pinger-process.ts';
import { onOneCore } from '../sockets.ts';
import { timed } from './in-process.ts';
import { CREATE, INSERT, noteOf, openTwoDatabases, POINT_READ } from './tables.ts';

const ROWS = 10_000;
const CALLS = 1000;
const ROUNDS = 5;
const BATCHES = 30;

interface Call {
  readonly method: string;
  readonly op: 'exec' | 'query' | 'batch';
  readonly paramsOf: (index: number) => Record<string, unknown>;
}

const UPSERT = INSERT.replace('INSERT', 'INSERT OR REPLACE');
const READ: Call = {
  method: 'db.query',
  op: 'query',
  paramsOf: (index) => ({ sql: POINT_READ, params: [index % ROWS], limit: 1000 }),
};
const WRITE: Call = {
  method: 'db.exec',
  op: 'exec',
  paramsOf: (index) => ({ sql: UPSERT, params: noteOf(index) }),
};
const BATCH: Call = {
  method: 'db.batch',
  op: 'batch',
  paramsOf: (index) => ({
    statements: Array.from({ length: 1000 }, (_, row) => ({
      sql: UPSERT,
      params: noteOf(index * 1000 + row),
    })),
  }),
};

/** `db.*` through socket, daemon and store process, against the same call on a store in this process. */
export async function benchCalls(daemon: DaemonProcess): Promise<readonly Row[]> {
  const wire = await openSqlApp(daemon);
  const inProcess = openInProcess();
  const sides = { wire, inProcess };
  await fill(wire);
  const processes = [daemon, ...descendantsOf(daemon.pid)];
  const oneCore = await onOneCore(processes, async () => [
    await compareCalls(sides, READ, CALLS),
    await compareCalls(sides, WRITE, CALLS),
  ]);
  const rows = [
    toCallRow('db.query of a row', await compareCalls(sides, READ, CALLS)),
    toCallRow('db.query of a row, on one core', oneCore[0]),
    toCallRow('db.exec of a row', await compareCalls(sides, WRITE, CALLS)),
    toCallRow('db.exec of a row, on one core', oneCore[1]),
    toBatchRow(await compareCalls(sides, BATCH, BATCHES)),
    ...(await benchPages(wire)),
    ...(await benchPings(daemon, wire)),
  ];
  inProcess.close();
  wire.end();
  return rows;
}

async function openSqlApp(daemon: DaemonProcess): Promise<Wire> {
  const wire = await openWire(daemon.appSocket);
  await authenticate(wire, await installSample(daemon.controlSocket));
  return wire;
}

async function fill(wire: Wire): Promise<void> {
  await ask(wire, 'db.exec', { sql: CREATE });
  for (let batch = 0; batch < ROWS / 1000; batch += 1) {
    await ask(wire, BATCH.method, BATCH.paramsOf(batch));
  }
}

async function ask(wire: Wire, method: string, params: unknown): Promise<Record<string, unknown>> {
  const { result, error } = await wire.call(method, params);
  // The wire searches all it has received for the answer.
  wire.received.length = 0;
  if (result === undefined) throw new Error(`${method}: ${error?.message ?? 'no answer'}`);
  return result;
}

interface InProcess {
  readonly run: (call: Call, index: number) => unknown;
  readonly close: () => void;
}

function openInProcess(): InProcess {
  const databases = openTwoDatabases();
  const sql = createSql(databases.store);
  const run = ({ op, paramsOf }: Call, index: number): unknown =>
    (sql[op] as (params: unknown) => unknown)(paramsOf(index));
  for (let batch = 0; batch < ROWS / 1000; batch += 1) run(BATCH, batch);
  return {
    run,
    close: () => {
      databases[Symbol.dispose]();
    },
  };
}

interface Compared {
  readonly wireMs: number;
  readonly inProcessMs: number;
}

/** Medians of the quietest round of each side. */
async function compareCalls(
  { wire, inProcess }: { readonly wire: Wire; readonly inProcess: InProcess },
  call: Call,
  count: number,
): Promise<Compared> {
  const rounds: Compared[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const wireTimes: number[] = [];
    const times: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const params = call.paramsOf(index);
      const startedAt = performance.now();
      await ask(wire, call.method, params);
      wireTimes.push(performance.now() - startedAt);
    }
    for (let index = 0; index < count; index += 1)
      times.push(timed(() => inProcess.run(call, index)));
    rounds.push({ wireMs: median(wireTimes), inProcessMs: median(times) });
  }
  return {
    wireMs: Math.min(...rounds.map(({ wireMs }) => wireMs)),
    inProcessMs: Math.min(...rounds.map(({ inProcessMs }) => inProcessMs)),
  };
}

function toCallRow(name: string, compared: Compared | undefined): Row {
  const { wireMs, inProcessMs } = compared ?? { wireMs: NaN, inProcessMs: NaN };
  return {
    name: `${name}, p50`,
    ours: `+${(wireMs - inProcessMs).toFixed(3)} ms, ${wireMs.toFixed(3)} ms`,
    peer: `in process ${inProcessMs.toFixed(3)} ms`,
    goal: '≤ +0.2 ms',
  };
}

function toBatchRow({ wireMs, inProcessMs }: Compared): Row {
  return {
    name: 'db.batch of 1,000 inserts, p50',
    ours: `${(inProcessMs / wireMs).toFixed(2)}×, ${wireMs.toFixed(2)} ms`,
    peer: `in process ${inProcessMs.toFixed(2)} ms`,
    goal: '≥ 0.7×',
  };
}

async function benchPages(wire: Wire): Promise<readonly Row[]> {
  await ask(wire, 'db.exec', { sql: 'CREATE TABLE numbers (id INTEGER PRIMARY KEY)' });
  await ask(wire, 'db.exec', {
    sql: 'WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 200000) INSERT INTO numbers SELECT x FROM n',
  });
  const times: number[] = [];
  let cursor: unknown;
  do {
    const query = { sql: 'SELECT id FROM numbers ORDER BY id', limit: 1000 };
    const startedAt = performance.now();
    ({ cursor } = await ask(wire, 'db.query', {
      ...query,
      ...(cursor === undefined ? {} : { cursor }),
    }));
    times.push(performance.now() - startedAt);
  } while (cursor !== undefined);
  const inMs = (figures: readonly number[]): string => `${median(figures).toFixed(2)} ms`;
  return [
    {
      name: 'pages of 1,000 rows of 200,000',
      ours: `first 20 ${inMs(times.slice(0, 20))}, last 20 ${inMs(times.slice(-20))}`,
      goal: 'the same',
    },
  ];
}

const HEAVY = 10;

async function benchPings(daemon: DaemonProcess, wire: Wire): Promise<readonly Row[]> {
  const text = 'x'.repeat(400);
  const statements = Array.from({ length: 8000 }, (_, id) => ({
    sql: UPSERT,
    params: [id, `note ${id}`, id / 3, text],
  }));
  const small = Array.from({ length: 9000 }, (_, id) => ({
    sql: 'INSERT OR REPLACE INTO numbers VALUES (?)',
    params: [id],
  }));
  const loads: Record<string, () => Promise<unknown>> = {
    'batches of 4 MiB': () => ask(wire, 'db.batch', { statements }),
    'batches of 9,000 small statements': () => ask(wire, 'db.batch', { statements: small }),
    'results of 10,000 rows': () =>
      ask(wire, 'db.query', { sql: 'SELECT * FROM notes', limit: 10_000 }),
    'results of one text of 3.5 MB': () =>
      ask(wire, 'db.query', { sql: 'SELECT hex(zeroblob(1750000)) AS x', limit: 1 }),
  };
  const rows: Row[] = [];
  for (const [name, load] of Object.entries(loads)) {
    const times = await pingDuring(daemon, async () => {
      for (let turn = 0; turn < HEAVY; turn += 1) await load();
    });
    rows.push({
      name: `ping beside ${name}`,
      ours: `p50 ${percentile(times, 50).toFixed(1)}, p99 ${percentile(times, 99).toFixed(1)}, max ${Math.max(...times).toFixed(1)} ms`,
      goal: '< 10 ms',
    });
  }
  return rows;
}
