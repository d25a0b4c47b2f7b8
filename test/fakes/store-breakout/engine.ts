import { copyFileSync, linkSync, openSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { LoadedEngine } from '../../../daemon/workers/engine.ts';
import type { SealReport } from '../../../daemon/workers/seal/settings.ts';

export interface BreakoutTargets {
  /** The store's own folder. */
  readonly own: string;
  /** A file of text in a folder of another store. */
  readonly file: string;
  /** A database without a key. */
  readonly database: string;
}

export interface BreakoutOps {
  breakOut: {
    params: BreakoutTargets;
    chunk: never;
    /** What became of each try: `done`, or the code of the refusal. */
    result: Readonly<Record<string, string>>;
  };
  describeSeal: { params: Record<string, never>; chunk: never; result: SealReport };
}

interface RawDatabase {
  exec(sql: string): void;
  close(): void;
}

/** What a store's process could do for itself, had an app taken it over: with the bare library, no guard at all. */
export function loadBreakout(seal: SealReport): LoadedEngine<BreakoutOps> {
  return {
    device: { device: 'CPU', threads: 1, why: 'It only tries to get out.' },
    engine: { breakOut: tryEachWay, describeSeal: () => seal },
  };
}

async function tryEachWay({
  own,
  file,
  database,
}: BreakoutTargets): Promise<Record<string, string>> {
  const parent = dirname(dirname(file));
  const told: Record<string, string> = {};
  for (const [way, attempt] of Object.entries({
    'read a file': () => readFileSync(file),
    'open a file by promise': async () => (await open(file, 'r')).close(),
    'open a file to write': () => openSync(file, 'r+'),
    'list the folder around': () => readdirSync(parent),
    'list the root': () => readdirSync('/'),
    'list the home': () => readdirSync(process.platform === 'darwin' ? '/Users' : '/root'),
    'read who is here': () => readFileSync('/etc/passwd'),
    'read another process': () => readFileSync(`/proc/${process.ppid}/cmdline`),
    'link a file in': () => {
      linkSync(file, join(own, 'linked'));
      readFileSync(join(own, 'linked'));
    },
    'copy a file in': () => {
      copyFileSync(file, join(own, 'copied'));
    },
    'move a file out': () => {
      renameSync(join(own, 'mine'), join(dirname(file), 'moved'));
    },
    'ATTACH another database': () => {
      runRaw(join(own, 'raw.db'), `ATTACH '${database}' AS x; SELECT * FROM x.sqlite_schema`);
    },
    'ATTACH a new file': () => {
      runRaw(join(own, 'raw.db'), `ATTACH '${file}-new' AS x; CREATE TABLE x.t (a)`);
    },
    'VACUUM INTO a new file': () => {
      runRaw(join(own, 'raw.db'), `VACUUM INTO '${file}-vacuum'`);
    },
    'load an extension': () => {
      const path = `${file}.node`;
      process.dlopen({ exports: {} }, path);
    },
  })) {
    told[way] = await tell(attempt);
  }
  return told;
}

function runRaw(path: string, sql: string): void {
  const require = createRequire(import.meta.url);
  const Sqlite = require('better-sqlite3-multiple-ciphers') as new (path: string) => RawDatabase;
  const database = new Sqlite(path);
  try {
    database.exec(sql);
  } finally {
    database.close();
  }
}

async function tell(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
    return 'done';
  } catch (error) {
    const { code = 'unknown', message } = error as NodeJS.ErrnoException;
    return code === 'ERR_DLOPEN_FAILED'
      ? (/Permission denied|Operation not permitted/.exec(message)?.[0] ?? code)
      : code;
  }
}
