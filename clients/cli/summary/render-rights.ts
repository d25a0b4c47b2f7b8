import type { Rights } from '@locara/protocol';
import { plain } from '../output.ts';

/** What an app may reach beyond its capabilities, one line each; what it does not ask for shares the last one. */
export function renderRights(rights: Rights): string[] {
  const rows: readonly (readonly [name: string, words: string | undefined])[] = [
    ['network', describeNetwork(rights)],
    ['files', describeFiles(rights)],
    ['devices', list(rights.devices)],
    ['other programs', list(rights.ipc)],
    ['background', BACKGROUND[rights.background]],
    ['notifications', list(rights.notifications)],
    ['space', describeSpace(rights)],
  ];
  const asked = rows.flatMap(([name, words]) => (words === undefined ? [] : [`${name}: ${words}`]));
  const absent = rows.flatMap(([name, words]) => (words === undefined ? [`no ${name}`] : []));
  const lines = absent.length === 0 ? asked : [...asked, absent.join(', ')];
  return ['Beyond that it asks for:', ...lines.map((line) => `  • ${line}`)];
}

const BACKGROUND: Readonly<Record<Rights['background'], string | undefined>> = {
  none: undefined,
  passive: 'stays, waiting',
  active: 'works while you do not see it',
};

function describeNetwork({ hosts, ports }: Rights): string | undefined {
  const where = hosts.includes('*') ? 'every host' : list(hosts);
  if (where === undefined || ports === 'all') return where;
  return `${where}, ports ${ports.join(', ') || 'none'}`;
}

function describeFiles({ userSelected, userPaths }: Rights): string | undefined {
  const picked = {
    none: [],
    read: ['reads those you pick'],
    'read-write': ['changes those you pick'],
  };
  const paths = Object.entries(userPaths).map(
    ([path, access]) => `${access === 'read' ? 'reads' : 'changes'} “${plain(path)}”`,
  );
  const words = [...picked[userSelected], ...paths];
  return words.length === 0 ? undefined : words.join('; ');
}

function describeSpace({ quotaMb, backups }: Rights): string {
  return `up to ${quotaMb} MiB${backups ? ', with backups' : ''}`;
}

function list(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : names.map(plain).join(', ');
}
