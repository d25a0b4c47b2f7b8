import { RpcError } from '@locara/protocol/errors';
import { LIMITS } from '@locara/protocol/limits';

/** Where SQLite failed: an error while compiling is the SQL's fault. */
export type SqlStage = 'open' | 'prepare' | 'run';

/** Use and limit of a store, for the answer to a full one. */
export interface StoreUsage {
  readonly usedBytes: number;
  readonly limitBytes: number;
  /** True when the disk, not the quota, has run out. */
  readonly isDiskFull: boolean;
}

/** Runs `work`; what SQLite throws becomes an RpcError. */
export type Guarded = <T>(stage: SqlStage, work: () => T) => T;

const FILE_FAILURE = /^SQLITE_(CORRUPT|NOTADB|IOERR|CANTOPEN|FORMAT|PERM|READONLY|PROTOCOL)/;

interface Failure {
  readonly code: string;
  readonly message: string;
}

/**
 * SQLite's failure as one of ours. SQLite's own message may carry SQL or values, so it never passes;
 * only the columns of a UNIQUE or NOT NULL constraint do.
 */
export function toStoreError(
  error: unknown,
  context: { readonly stage: SqlStage; readonly usage: () => StoreUsage },
): unknown {
  if (error instanceof RpcError) return error;
  if (error instanceof RangeError || error instanceof TypeError) return bindingError(error);
  if (!isSqliteFailure(error)) return error;
  const { code } = error;
  if (code.startsWith('SQLITE_CONSTRAINT') || code === 'SQLITE_MISMATCH') return conflict(error);
  if (code === 'SQLITE_FULL') return full(context.usage());
  if (code === 'SQLITE_TOOBIG') return tooLarge();
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return busy();
  if (code === 'SQLITE_CORRUPT_VTAB') return searchTableDamaged();
  if (code === 'SQLITE_AUTH') return forbidden('this operation');
  if (code === 'SQLITE_NOMEM' || code === 'SQLITE_IOERR_NOMEM') return outOfMemory();
  if (/^SQLITE_IOERR_(WRITE|FSYNC|TRUNCATE)/.test(code)) {
    return full({ ...context.usage(), isDiskFull: true });
  }
  // A whole store is condemned for what says that the file cannot be read, never for what its app wrote.
  if (context.stage === 'open' || FILE_FAILURE.test(code)) return unreadable();
  return statementError(error, context);
}

/** The same error, which tells more. */
export function addDetails(
  { reason, message, details, retryable }: RpcError,
  more: Readonly<Record<string, unknown>>,
): RpcError {
  return new RpcError(reason, message, { details: { ...details, ...more }, retryable });
}

/** The file is not this app's store any more: damaged, another key, or not accessible. */
export function unreadable(): RpcError {
  return new RpcError('Unavailable', 'The store cannot be read: damaged, or another key.', {
    details: { rule: 'store_unreadable' },
  });
}

/** The app's own FTS5 table disagrees with itself, as after a wrong 'delete' command; the file is whole. */
function searchTableDamaged(): RpcError {
  return new RpcError('Unavailable', 'A search table is inconsistent: rebuild it.', {
    details: { rule: 'search_table_damaged' },
  });
}

/** The file has damaged pages or is no store at all: it is served no more until the user has decided. */
export function damaged(): RpcError {
  return new RpcError('Unavailable', 'The file of this store is damaged.', {
    details: { rule: 'store_damaged' },
  });
}

/** There was a store, and its file is gone or empty: a new one would hide the loss. */
export function missing(): RpcError {
  return new RpcError('Unavailable', 'The file of this store is missing or empty.', {
    details: { rule: 'store_missing' },
  });
}

function isSqliteFailure(error: unknown): error is Failure {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('SQLITE_')
  );
}

function bindingError(error: Error): unknown {
  if (error.message.includes('more than one statement'))
    return forbidden('more than one statement');
  if (error.message.includes('no statements')) return syntaxError('no statement');
  // V8 refused room for a value that SQLite had still found room for.
  if (/alloc|larger than|too large|string longer/i.test(error.message)) return outOfMemory();
  if (/parameter|bind/i.test(error.message)) {
    return new RpcError('InvalidParams', 'The parameters do not fit the statement.', {
      details: { rule: 'sql_params' },
    });
  }
  return error;
}

function conflict({ code, message }: Failure): RpcError {
  const constraint = code.replace(/^SQLITE_(CONSTRAINT_?)?/, '').toLowerCase();
  const columns = /^(?:UNIQUE|NOT NULL) constraint failed: ([\w., ]+)$/.exec(message)?.[1];
  return new RpcError('Conflict', 'A constraint of the database refused the change.', {
    details: { constraint, ...(columns === undefined ? {} : { columns: columns.split(', ') }) },
  });
}

function full({ isDiskFull, ...usage }: StoreUsage): RpcError {
  return isDiskFull
    ? new RpcError('InsufficientResources', 'The disk is full: free some room.', { details: usage })
    : new RpcError('QuotaExceeded', "The store has reached the app's quota.", { details: usage });
}

function outOfMemory(): RpcError {
  return new RpcError('InsufficientResources', 'The statement needs too much memory.', {
    details: { rule: 'memory' },
  });
}

function tooLarge(): RpcError {
  return new RpcError('PayloadTooLarge', 'A text or blob is too large.', {
    details: { limitBytes: LIMITS.maxMessageBytes },
  });
}

function busy(): RpcError {
  return new RpcError('Busy', 'The store is in use.', { details: { retryAfterMs: 200 } });
}

function statementError({ message }: Failure, { stage }: { stage: SqlStage }): RpcError {
  if (/may not be|not authorized|unsafe use|prohibited|not allowed here/.test(message)) {
    return forbidden('this operation');
  }
  if (stage === 'prepare') {
    const problem =
      /^(no such (?:table|column|function|module|index|view|collation sequence)|ambiguous column name)/;
    return syntaxError(problem.exec(message)?.[1] ?? 'a mistake in the statement');
  }
  return new RpcError('InvalidParams', 'The statement failed while it ran.', {
    details: { rule: 'sql_failed' },
  });
}

/** Neither the system nor SQLite can be trusted to keep an app's SQL in its store. */
export function notConfined(): RpcError {
  return new RpcError(
    'Unavailable',
    'SQL is off: this computer cannot confine it. `locara doctor` says why; the other methods work.',
    { details: { rule: 'not_confined' } },
  );
}

export function forbidden(what: string): RpcError {
  return new RpcError('InvalidParams', `The SQL is not allowed: ${what}.`, {
    details: { rule: 'sql_forbidden' },
  });
}

export function syntaxError(what: string): RpcError {
  return new RpcError('InvalidParams', `The SQL cannot be read: ${what}.`, {
    details: { rule: 'sql_syntax' },
  });
}
