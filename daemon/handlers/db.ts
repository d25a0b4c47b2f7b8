import { RpcError, type Params, type Result } from '@locara/protocol';
import type { Handlers, SessionCall } from '../rpc/handler.ts';
import { STORE_BUDGETS_MS, type AppStores } from '../stores/app-stores.ts';

/** `db.*`: the app's own SQL on its own store, run in the store's process under a time budget. */
export function dbHandlers({ stores }: { readonly stores: AppStores }): Handlers<'db'> {
  return {
    'db.exec': (statement, { session, signal }) =>
      stores.forApp(session).call('exec', statement, { signal, timeoutMs: STORE_BUDGETS_MS.write }),
    'db.query': (query, { session, signal }) =>
      stores.forApp(session).call('query', query, { signal, timeoutMs: STORE_BUDGETS_MS.read }),
    'db.batch': (batch, { session, signal }) =>
      stores.forApp(session).call('batch', batch, { signal, timeoutMs: STORE_BUDGETS_MS.batch }),
    'db.migrate': (params, call) => migrate(stores, params, call),
    'db.info': (_params, { session, signal }) =>
      stores
        .forApp(session)
        .call('describeStore', {}, { signal, timeoutMs: STORE_BUDGETS_MS.read }),
    'db.backup': async (_params, { session, signal }) => {
      if (!session.manifest.storage.backups.enabled) throw backupsNotDeclared();
      return {
        backup: await stores
          .forApp(session)
          .call('createBackup', { isOptedIn: true }, { signal, timeoutMs: STORE_BUDGETS_MS.copy }),
      };
    },
    'db.backups': async (_params, { session, signal }) => {
      const { backups } = await stores
        .forApp(session)
        .call('listBackups', {}, { signal, timeoutMs: STORE_BUDGETS_MS.read });
      return { backups: [...backups] };
    },
    'db.restore': ({ backup }, { session, signal }) =>
      stores
        .forApp(session)
        .call('restoreBackup', { backup }, { signal, timeoutMs: STORE_BUDGETS_MS.copy }),
    'db.wipe': async (_params, { session }) => {
      await stores.wipe(session.appId);
      return { wiped: true };
    },
  };
}

function backupsNotDeclared(): RpcError {
  return new RpcError('CapabilityDenied', 'The app manifest does not ask for backups.', {
    details: { declaredBy: 'storage.backups.enabled' },
  });
}

/**
 * Changing tables is keeping data; a migration that runs any other SQL needs `store:sql` as well. The
 * store's process finds out which it is: reading megabytes of SQL would hold up every other app here.
 */
async function migrate(
  stores: AppStores,
  params: Params<'db.migrate'>,
  call: SessionCall,
): Promise<Result<'db.migrate'>> {
  const { session, signal } = call;
  const schemaOnly = !session.has('store:sql');
  // Required where it is held too: taking it back must end the migration that leans on it.
  if (!schemaOnly) call.require('store:sql');
  try {
    return await stores
      .forApp(session)
      .call('migrate', { ...params, schemaOnly }, { signal, timeoutMs: STORE_BUDGETS_MS.migrate });
  } catch (error) {
    if (error instanceof RpcError && error.reason === 'CapabilityDenied') call.require('store:sql');
    throw error;
  }
}
