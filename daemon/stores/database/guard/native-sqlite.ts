import { createRequire } from 'node:module';
import type koffiModule from 'koffi';

/** The address of a `sqlite3`, of this process alone. */
export type SqliteHandle = number | bigint;

/**
 * Asked by SQLite about each thing that a statement would do, while it compiles it: an action code and up to
 * four names, as addresses of C strings. Must never throw. Answers `ALLOW` or `DENY`.
 */
export type Authorizer = (action: number, names: readonly unknown[]) => number;

export const ALLOW = 0;
export const DENY = 1;

/** What SQLite's C interface can do and its JavaScript binding does not offer. */
export interface NativeSqlite {
  readonly versionNumber: () => number;
  /** The handle of the database that `open` opens; throws unless it opens exactly one. */
  readonly captureHandle: <T>(open: () => T) => {
    readonly opened: T;
    readonly handle: SqliteHandle;
  };
  readonly fileNameOf: (handle: SqliteHandle) => string;
  /** For the life of the handle; it cannot be taken back by SQL. */
  readonly setAuthorizer: (handle: SqliteHandle, authorizer: Authorizer) => void;
  /** Answers the limit before; a negative value changes nothing. */
  readonly setLimit: (handle: SqliteHandle, limit: number, value: number) => number;
  readonly setSwitch: (handle: SqliteHandle, option: number, isOn: boolean) => void;
  /** The text at an address that an authorizer was given; empty for none. */
  readonly readText: (address: unknown) => string;
}

/**
 * Places in `sqlite3_api_routines`, the table that SQLite hands to extensions: only ever appended to, for
 * extensions compiled years ago rely on it.
 */
const SLOT = {
  libversionNumber: 67,
  setAuthorizer: 91,
  limit: 151,
  dbConfig: 163,
  dbFilename: 180,
  autoExtension: 192,
  cancelAutoExtension: 195,
} as const;
const POINTER_BYTES = 8;
const OK = 0;

type NativeCall = (...args: readonly unknown[]) => number;

/**
 * Finds SQLite's C interface through an extension that is already loaded into some database: such a library
 * keeps the address of the table in its variable `sqlite3_api`. Nothing of ours has to be compiled for it.
 */
export function loadNativeSqlite(extensionPath: string): NativeSqlite {
  const koffi = createRequire(import.meta.url)('koffi') as typeof koffiModule;
  const variable: unknown = koffi.load(extensionPath).symbol('sqlite3_api');
  const table = BigInt(koffi.decode(variable, 'uint64_t') as number | bigint);
  if (table === 0n) throw new Error('the extension was not loaded');
  const bind = (slot: number, prototype: string): NativeCall => {
    const address: unknown = koffi.decode(table + BigInt(slot * POINTER_BYTES), 'void *');
    if (address === null) throw new Error('SQLite lacks a function');
    return koffi.decode(address, koffi.proto(prototype)) as NativeCall;
  };
  const onOpen = koffi.pointer(koffi.proto('int (uintptr_t db, void *error, void *api)'));
  const onAction = koffi.pointer(
    koffi.proto('int (void *own, int action, void *a, void *b, void *c, void *d)'),
  );
  const autoExtension = bind(SLOT.autoExtension, 'int (void *callback)');
  const cancelAutoExtension = bind(SLOT.cancelAutoExtension, 'int (void *callback)');
  const setAuthorizer = bind(SLOT.setAuthorizer, 'int (uintptr_t db, void *callback, void *own)');
  const setLimit = bind(SLOT.limit, 'int (uintptr_t db, int limit, int value)');
  const dbConfig = bind(SLOT.dbConfig, 'int (uintptr_t db, int option, ...)');
  const dbFilename = bind(SLOT.dbFilename, 'const char *(uintptr_t db, const char *schema)');
  return {
    versionNumber: bind(SLOT.libversionNumber, 'int ()'),
    captureHandle: (open) => {
      const handles: SqliteHandle[] = [];
      const callback = koffi.register((handle: SqliteHandle) => {
        handles.push(handle);
        return OK;
      }, onOpen);
      assertOk(autoExtension(callback));
      try {
        const opened = open();
        const [handle] = handles;
        if (handle === undefined || handles.length > 1) throw new Error('no single database');
        return { opened, handle };
      } finally {
        cancelAutoExtension(callback);
        koffi.unregister(callback);
      }
    },
    fileNameOf: (handle) => dbFilename(handle, 'main') as unknown as string,
    setAuthorizer: (handle, authorizer) => {
      const callback = koffi.register(
        (_own: unknown, action: number, ...names: readonly unknown[]) => authorizer(action, names),
        onAction,
      );
      assertOk(setAuthorizer(handle, callback, null));
    },
    setLimit,
    setSwitch: (handle, option, isOn) => {
      assertOk(dbConfig(handle, option, 'int', isOn ? 1 : 0, 'void *', null));
    },
    readText: (address) => (address === null ? '' : (koffi.decode(address, 'char', -1) as string)),
  };
}

function assertOk(result: number): void {
  if (result !== OK) throw new Error(`SQLite refused with ${result}`);
}
