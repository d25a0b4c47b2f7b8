import type { ControlResult } from '@locara/protocol';
import type { AppRegistry } from '../../access/apps/app-registry.ts';
import { toBlockSubject } from '../../access/trust/blocks.ts';
import type { Revocations } from '../../access/trust/revocations.ts';
import type { Audit } from '../../audit/audit.ts';
import type { Log } from '../../log.ts';
import type { ControlHandlers } from '../../rpc/control-handler.ts';

type BlockedApp = ControlResult<'revocation.show'>['blocked'][number];

export function createRevocationHandlers(deps: {
  readonly revocations: Revocations;
  readonly registry: Pick<AppRegistry, 'list'>;
  readonly audit: Audit;
  readonly log: Pick<Log, 'info' | 'warn'>;
}): ControlHandlers<'revocation'> {
  const { revocations, registry, audit, log } = deps;
  const listBlocked = async (): Promise<BlockedApp[]> =>
    (await registry.list()).flatMap((record) => {
      const block = revocations.find(toBlockSubject(record));
      const { appId, manifest } = record;
      return block === undefined ? [] : [{ appId, version: manifest.version, block }];
    });
  return {
    'revocation.import': async ({ path }) => {
      const before = new Set((await listBlocked()).map(({ appId }) => appId));
      const { state, signerId, digest } = await revocations.import(path);
      const { seq, entries } = state;
      log.info('revocation.imported', { signerId, digest });
      audit.decide('revocation.imported', undefined, { seq, entries, signerId, digest });
      const blocked = await listBlocked();
      for (const { appId, version } of blocked.filter((app) => !before.has(app.appId))) {
        log.warn('revocation.blocked', { appId, version, signerId });
        audit.decide('revocation.blocked', appId, { version, seq });
      }
      return { list: state, blocked };
    },
    'revocation.show': async () => {
      const list = revocations.show();
      return { ...(list === undefined ? {} : { list }), blocked: await listBlocked() };
    },
  };
}
