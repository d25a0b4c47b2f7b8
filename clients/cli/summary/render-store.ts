import type { Sharing, StoreFill, StoreView } from '@locara/protocol';
import { formatBytes, formatTable, formatTime, type Look, paint, plain } from '../output.ts';

const WARN_PERCENT = 80;

/** An app's data as its user sees it. */
export function renderStore(view: StoreView, look: Look): string[] {
  const { appId, state, disk, quotaBytes, percent, encryption, contents, problem } = view;
  const limitBytes = quotaBytes;
  const usedBytes = contents?.usedBytes ?? disk.databaseBytes + disk.logBytes;
  const key = encryption.key === undefined ? '' : `; key: ${plain(encryption.key)}`;
  return [
    `${plain(appId)}${STATES[state]}`,
    renderFill({ usedBytes, limitBytes, percent }, look),
    `  On disk: ${describeDisk(disk)}`,
    `  Encrypted: ${plain(encryption.cipher)}${key}`,
    `  Last used: ${view.lastUsedAt === undefined ? 'never' : formatTime(view.lastUsedAt)}`,
    ...(problem === undefined
      ? []
      : [paint(look, 'red', `  It cannot be read: ${plain(problem.message)}`)]),
    ...(contents === undefined ? [] : renderContents(contents)),
    ...renderSharing(appId, view.sharing),
    problem?.command === undefined
      ? `To take it with you: locara app data export ${plain(appId)} <file>`
      : `What to do now: ${plain(problem.command)}`,
  ];
}

const STATES = {
  installed: '',
  uninstalled: ' is uninstalled; its data stays here',
  damaged: ' is disabled, for its record is damaged; its data stays here',
};

/** How full a store is; when it is nearly full, what helps. */
export function renderFill({ usedBytes, limitBytes, percent }: StoreFill, look: Look): string {
  const text = `Data: ${formatBytes(usedBytes)} of ${formatBytes(limitBytes)} (${percent} %)`;
  if (percent < WARN_PERCENT) return text;
  const advice = 'delete something in the app, or it will not be able to keep more';
  return paint(look, 'yellow', `${text}: ${advice}.`);
}

function describeDisk({
  databaseBytes,
  logBytes,
  backupBytes,
  otherBytes,
  backups,
}: StoreView['disk']): string {
  const parts = [
    `database ${formatBytes(databaseBytes)}`,
    `log ${formatBytes(logBytes)}`,
    `${backups} ${backups === 1 ? 'backup' : 'backups'} ${formatBytes(backupBytes)}`,
    ...(otherBytes === 0 ? [] : [`other ${formatBytes(otherBytes)}`]),
  ];
  return parts.join(', ');
}

function renderContents({
  schemaVersion,
  tables,
  collections,
}: NonNullable<StoreView['contents']>): string[] {
  const rows = [
    ...tables.map(({ name, rows: count }) => [
      'table',
      name,
      count?.toString() ?? 'unreadable',
      '',
    ]),
    ...collections.map(({ name, records, dimensions, tokenizer }) => [
      'collection',
      name,
      String(records),
      [
        ...(dimensions === undefined ? [] : [`${dimensions} dimensions`]),
        ...(tokenizer === undefined ? [] : [tokenizer]),
      ].join(', '),
    ]),
  ];
  if (rows.length === 0) return ['  It holds no table and no collection.'];
  const lines = formatTable([['KIND', 'NAME', 'ROWS', ''], ...rows]);
  return [`  Schema version ${schemaVersion}`, ...lines.map((line) => `  ${line}`)];
}

const SHARING_STATES = {
  shared: 'shared now',
  waiting: 'not shared: the other app, or a consent, is missing',
  revoked: 'ended by you',
};

/** What an app shares with others, and how to end it. */
export function renderSharing(appId: string, sharing: readonly Sharing[] = []): string[] {
  return sharing.flatMap(({ app, collection, access, state, bytes }) => {
    const verb = access === 'read' ? 'reads' : 'reads and changes';
    const line = `  Sharing: ${verb} “${plain(collection)}” with ${plain(app)}, ${SHARING_STATES[state]} (${formatBytes(bytes)})`;
    if (state === 'waiting') return [line];
    const command = state === 'shared' ? 'revoke' : 'consent';
    const hint = `    To ${state === 'shared' ? 'end' : 'allow'} it: locara app ${command} ${plain(appId)} ipc:${plain(collection)}`;
    return [line, hint];
  });
}
