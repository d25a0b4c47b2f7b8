import type { Handlers } from '../rpc/handler.ts';
import { STORE_BUDGETS_MS, type AppStores } from '../stores/app-stores.ts';
import { guardScript } from '../stores/sql-guard.ts';

/** `db.*`: the app's own SQL on its own store, run in the store's process under a time budget. */
export function dbHandlers({ stores }: { readonly stores: AppStores }): Handlers<'db'> {
  return {
    'db.exec': (statement, { session, signal }) =>
      stores.forApp(session).call('exec', statement, { signal, timeoutMs: STORE_BUDGETS_MS.write }),
    'db.query': (query, { session, signal }) =>
      stores.forApp(session).call('query', query, { signal, timeoutMs: STORE_BUDGETS_MS.read }),
    'db.batch': (batch, { session, signal }) =>
      stores.forApp(session).call('batch', batch, { signal, timeoutMs: STORE_BUDGETS_MS.batch }),
    'db.migrate': (params, call) => {
      // Changing tables is keeping data; running any other SQL is a right of its own.
      const kinds = params.migrations.flatMap(({ sql }) => guardScript(sql));
      if (kinds.some(({ kind }) => kind === 'data')) call.require('store:sql');
      return stores.forApp(call.session).call('migrate', params, {
        signal: call.signal,
        timeoutMs: STORE_BUDGETS_MS.migrate,
      });
    },
    'db.info': (_params, { session, signal }) =>
      stores
        .forApp(session)
        .call('describeStore', {}, { signal, timeoutMs: STORE_BUDGETS_MS.read }),
  };
}
