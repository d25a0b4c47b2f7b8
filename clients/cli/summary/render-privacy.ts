import type { PrivacyView } from '@locara/protocol';
import { formatTable, formatTime, type Look, paint, plain } from '../output.ts';

/** What an app keeps under passphrases and how much it may still tell, in a line each; nothing where it has neither. */
export function renderPrivacy(appId: string, view: PrivacyView, look: Look): string[] {
  const { databases, allowances, exhausted, problems } = view;
  const open = databases.filter(({ enabled }) => !enabled).length;
  const guesses = databases.reduce((sum, { failedAttempts }) => sum + failedAttempts, 0);
  const vault = [
    `Vault: ${count(databases.length - open, 'database')} under a passphrase`,
    ...(open === 0 ? [] : [`${count(open, 'database')} without one`]),
    ...(guesses === 0 ? [] : [`${count(guesses, 'wrong guess', 'wrong guesses')} lately`]),
  ];
  const spent = exhausted === 0 ? '' : `, ${exhausted} of them spent`;
  return [
    ...(databases.length === 0 ? [] : [vault.join(', ')]),
    ...(allowances === 0
      ? []
      : [
          `Privacy loss: ${count(allowances, 'allowance')}${spent}; see locara privacy budgets ${plain(appId)}`,
        ]),
    ...problems.map((problem) => paint(look, 'red', plain(problem))),
  ];
}

/** The databases themselves. */
export function renderDatabases({ databases }: PrivacyView): string[] {
  if (databases.length === 0) return [];
  const header = ['  VAULT DATABASE', 'MADE', 'LAST UNLOCKED', 'PASSPHRASE', 'WRONG GUESSES'];
  const rows = databases.map(({ database, createdAt, lastUsedAt, enabled, failedAttempts }) => [
    `  ${database}`,
    formatTime(createdAt),
    formatTime(lastUsedAt ?? createdAt), // making a key opens it
    enabled ? 'yes' : 'no',
    String(failedAttempts),
  ]);
  return [
    ...formatTable([header, ...rows]),
    '  Their keys are in no backup and no export: copy data/vaults, or what is sealed is lost with it.',
  ];
}

function count(many: number, one: string, several = `${one}s`): string {
  return `${many} ${many === 1 ? one : several}`;
}
