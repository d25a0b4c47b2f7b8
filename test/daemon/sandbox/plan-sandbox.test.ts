import { expect, test } from 'vitest';
import { planSandbox, type SandboxOptions } from '../../../daemon/sandbox/plan-sandbox.ts';

const options: SandboxOptions = {
  system: [{ path: '/usr' }, { path: '/bin', linkTarget: 'usr/bin' }],
  hidden: ['/usr/local/me'],
  shared: [
    { source: '/work/app', target: '/work/app' },
    { source: '/real/node', target: '/named/node' },
  ],
  writableFolder: '/home/me/.local/share/locara/homes/acme/notes',
  credentials: '/home/me/.local/share/locara/apps/acme/notes/credentials.json',
  environment: { LANG: 'de_DE.UTF-8', PATH: '/evil', LOCARA_CREDENTIALS: '/evil' },
  workingFolder: '/work/app',
  program: '/real/node',
  arguments: ['--', '--bind', '/', '/'],
  canDisableUserNamespaces: true,
  canLimitFolders: true,
};

/** One option with its values a line, as a person would write it. */
function lines(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  const grouped: string[] = [];
  for (const word of argv.slice(0, end)) {
    if (word.startsWith('--')) grouped.push(word);
    else grouped.push(`${grouped.pop() ?? ''} ${word}`);
  }
  return [...grouped, argv.slice(end).join(' ')];
}

test('every line of the sandbox is as it was thought', () => {
  expect(lines(planSandbox(options))).toEqual([
    '--unshare-all',
    '--unshare-user',
    '--disable-userns',
    '--die-with-parent',
    '--new-session',
    '--cap-drop ALL',
    '--clearenv',
    '--ro-bind /usr /usr',
    '--symlink usr/bin /bin',
    '--perms 0755',
    '--dir /run',
    '--perms 0755',
    '--dir /home',
    '--tmpfs /usr/local/me',
    '--proc /proc',
    '--dev /dev',
    ...['/tmp', '/var/tmp', '/dev/shm'].flatMap((path) => [
      '--size 536870912',
      '--perms 1777',
      `--tmpfs ${path}`,
    ]),
    '--ro-bind /work/app /work/app',
    '--ro-bind /real/node /named/node',
    '--bind /home/me/.local/share/locara/homes/acme/notes /locara/home',
    '--perms 0755',
    '--dir /run/locara',
    '--ro-bind /home/me/.local/share/locara/apps/acme/notes/credentials.json /run/locara/credentials.json',
    '--perms 0644',
    '--ro-bind-data 5 /.locara-info',
    '--remount-ro /',
    '--remount-ro /dev',
    '--remount-ro /proc',
    '--remount-ro /usr/local/me',
    '--setenv LANG de_DE.UTF-8',
    '--setenv PATH /usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin',
    '--setenv LOCARA_CREDENTIALS /run/locara/credentials.json',
    '--setenv HOME /locara/home',
    '--setenv TMPDIR /tmp',
    '--setenv LOCARA_CHANNEL_FD 3',
    '--chdir /work/app',
    '--json-status-fd 4',
    '--seccomp 6',
    '--block-fd 7',
    '-- /real/node -- --bind / /',
  ]);
});

test('the network is never shared, and only one folder can be written to', () => {
  const argv = planSandbox(options);
  const own = argv.slice(0, argv.indexOf('--'));
  expect(own).not.toContain('--share-net');
  expect(own.filter((word) => word === '--bind')).toHaveLength(1);
  expect(own.filter((word) => /^--(dev-bind|bind-try|cap-add|overlay)/.test(word))).toEqual([]);
});

test('an older bubblewrap is not asked for what it does not know', () => {
  const argv = planSandbox({ ...options, canDisableUserNamespaces: false, canLimitFolders: false });
  expect(argv).not.toContain('--disable-userns');
  expect(argv).not.toContain('--size');
  expect(argv).toContain('--unshare-user');
});
