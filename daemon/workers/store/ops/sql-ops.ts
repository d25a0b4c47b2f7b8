import type { Params, Result, SqlParams } from '@locara/protocol';
import type { Op } from './op.ts';

/** A statement of the app’s, as it came. */
export interface SqlStatement {
  readonly sql: string;
  readonly params?: SqlParams | undefined;
}

/** The app's own SQL, and what its store holds. Values are in their wire shapes. */
export interface SqlOps {
  exec: Op<SqlStatement, Result<'db.exec'>>;
  query: Op<
    SqlStatement & { readonly limit: number; readonly cursor?: string | undefined },
    Result<'db.query'>
  >;
  batch: Op<{ readonly statements: readonly SqlStatement[] }, Result<'db.batch'>>;
  /** With `schemaOnly`, a statement that reads or changes rows is refused with CapabilityDenied. */
  migrate: Op<
    Params<'db.migrate'> & { readonly schemaOnly?: boolean | undefined },
    Result<'db.migrate'>
  >;
  describeStore: Op<Record<string, never>, Result<'db.info'>>;
}
