// The package's own declarations are hidden behind its `exports`; its API is that of better-sqlite3.
declare module 'better-sqlite3-multiple-ciphers' {
  import Sqlite from 'better-sqlite3';
  export = Sqlite;
}
