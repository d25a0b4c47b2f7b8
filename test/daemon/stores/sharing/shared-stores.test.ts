import { beforeEach, describe, expect, test } from 'vitest';
import type { AppRecord, AppRegistry } from '../../../../daemon/access/apps/app-registry.ts';
import type { Blocks } from '../../../../daemon/access/trust/blocks.ts';
import {
  createSharing,
  nameSharedStore,
  type Sharing,
} from '../../../../daemon/stores/sharing/shared-stores.ts';
import { createRecord } from '../../../support/app-registry.ts';

const [NOTES, MAIL] = ['acme/notes', 'acme/mail'];

let apps: Map<string, AppRecord>;
let blocked: string | undefined;
let changed: () => void;
let listChanged: () => void;
let ended: string[];
let sharing: Sharing;

function appOf(name: string, partner: string, access = 'read-write'): AppRecord {
  const ipc = [{ app: partner, collection: 'people', access }];
  return createRecord({ name, capabilities: { ipc } }).record;
}

function put(record: AppRecord): void {
  apps.set(record.appId, record);
  changed();
}

beforeEach(() => {
  apps = new Map(
    [NOTES, MAIL].map((id, at) => {
      const record = appOf(id.slice(5), [MAIL, NOTES][at] ?? '', at === 0 ? 'read-write' : 'read');
      return [id, record];
    }),
  );
  blocked = undefined;
  ended = [];
  const registry: Pick<AppRegistry, 'find' | 'onChange'> = {
    find: (id) => apps.get(id),
    onChange: (listener) => {
      changed = () => {
        listener(NOTES, undefined);
      };
      return () => true;
    },
  };
  const listeners: (() => void)[] = [];
  listChanged = () => {
    for (const tell of listeners) tell();
  };
  const blocks: Blocks = {
    find: ({ appId }) => (appId === blocked ? { reason: 'bad', seq: 1 } : undefined),
    isStale: () => false,
    onChange: (listener) => {
      listeners.push(listener);
      return () => undefined;
    },
  };
  sharing = createSharing(registry, blocks);
  sharing.onEnded((ids) => void ended.push(...ids));
});

const shares = (): (string | undefined)[] =>
  [NOTES, MAIL].map((id) => sharing.find(id, 'people')?.share?.access);

describe('a sharing', () => {
  test('holds where both declare it, each with its own access, in one store', () => {
    expect(shares()).toEqual(['read-write', 'read']);
    const [left, right] = [NOTES, MAIL].map((id) => sharing.find(id, 'people')?.share);
    expect(left?.id).toBe(right?.id);
    expect([left?.app, right?.app]).toEqual([MAIL, NOTES]);
    expect(sharing.find(NOTES, 'other')).toBeUndefined();
    expect(sharing.find('acme/none', 'people')).toBeUndefined();
  });

  test.each<[string, () => void]>([
    [
      'one is uninstalled',
      () => {
        apps.delete(MAIL);
        changed();
      },
    ],
    [
      'one is revoked',
      () => {
        put({ ...appOf('mail', NOTES), revoked: true });
      },
    ],
    [
      'one is blocked',
      () => {
        blocked = MAIL;
        listChanged();
      },
    ],
    [
      'one names another app',
      () => {
        put(appOf('mail', 'acme/other'));
      },
    ],
    [
      'one was not agreed to',
      () => {
        const record = appOf('mail', NOTES);
        put({ ...record, approved: { ...record.approved, ipc: [] } });
      },
    ],
    [
      'the user ended it at one',
      () => {
        const record = appOf('mail', NOTES);
        put({
          ...record,
          grants: [...record.grants, { capability: 'ipc:people', state: 'revoked' }],
        });
      },
    ],
  ])('ends for both, and is told so, when %s', (_why, change) => {
    const id = sharing.find(NOTES, 'people')?.share?.id;
    change();
    expect(shares()).toEqual([undefined, undefined]);
    expect(ended).toEqual([id]);
    // Its name stays taken: what an app writes there must not end up elsewhere.
    expect(sharing.find(NOTES, 'people')).toMatchObject({ app: MAIL, collection: 'people' });
  });

  test('never is one of an app with itself', () => {
    apps.clear();
    put(appOf('notes', NOTES));
    expect(sharing.find(NOTES, 'people')?.share).toBeUndefined();
  });

  test('has a store of its own for every pair and name, which no app can have', () => {
    const stores = [
      nameSharedStore([NOTES, MAIL], 'people'),
      nameSharedStore([NOTES, MAIL], 'other'),
      nameSharedStore([NOTES, 'acme/mai'], 'lpeople'),
    ];
    expect(new Set(stores.map(({ id }) => id)).size).toBe(3);
    expect(nameSharedStore([MAIL, NOTES], 'people')).toEqual(stores[0]);
    for (const { id } of stores) expect(id).toMatch(/^_shared\/[0-9a-f]{40}$/);
  });
});
