import type { Rights } from '@locara/protocol';
import { plain } from '../output.ts';

/** What an app may reach beyond its capabilities: network, files, devices, background, notices, space. */
export function renderRights(rights: Rights): string[] {
  return [
    'Beyond that it asks for:',
    ...[
      ['network', describeNetwork(rights)],
      ['files', describeFiles(rights)],
      ['devices', list(rights.devices) ?? 'none'],
      ['other programs', rights.ipc.length === 0 ? 'none' : (list(rights.ipc) ?? 'none')],
      ['background', BACKGROUND[rights.background]],
      ['notifications', list(rights.notifications) ?? 'none'],
      ['space', describeSpace(rights)],
    ].map(([name = '', words = '']) => `  • ${name}: ${words}`),
  ];
}

const BACKGROUND: Readonly<Record<Rights['background'], string>> = {
  none: 'no, it ends with its window',
  passive: 'stays, waiting',
  active: 'works while you do not see it',
};

function describeNetwork({ hosts, ports }: Rights): string {
  if (hosts.length === 0) return 'none';
  const where = hosts.includes('*') ? 'every host' : (list(hosts) ?? 'none');
  return ports === 'all' ? where : `${where}, ports ${ports.join(', ') || 'none'}`;
}

function describeFiles({ userSelected, userPaths }: Rights): string {
  const picked = {
    none: [],
    read: ['reads those you pick'],
    'read-write': ['changes those you pick'],
  };
  const paths = Object.entries(userPaths).map(
    ([path, access]) => `${access === 'read' ? 'reads' : 'changes'} “${plain(path)}”`,
  );
  const words = [...picked[userSelected], ...paths];
  return words.length === 0 ? 'none of yours' : words.join('; ');
}

function describeSpace({ quotaMb, backups }: Rights): string {
  return `up to ${quotaMb} MB${backups ? ', with backups' : ''}`;
}

function list(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : names.map(plain).join(', ');
}
