import { describe, expect, test } from 'vitest';
import { checkManifest } from '@locara/protocol';
import { createManifest } from '../support/signed-package.ts';
import { cpuMsOf } from '../support/cpu-time.ts';

type Overrides = Readonly<Record<string, unknown>>;

const errorsOf = (overrides: Overrides) => checkManifest(createManifest(overrides)).errors;
const hosts = (...allowed_hosts: string[]) => ({ capabilities: { net: { allowed_hosts } } });
const userPaths = (...paths: string[]) => ({
  capabilities: {
    fs: { 'user-paths': Object.fromEntries(paths.map((path) => [path, 'read'])) },
  },
});

describe('attack 14: no name looks like another or leaves its folder', () => {
  test.each(
    ['name', 'publisher'].flatMap((field) =>
      [
        '__proto__',
        'constructor.',
        '..',
        '../x',
        'a/b',
        'a\\b',
        'acme\0',
        'Acme',
        'аcme',
        'acme\u200b',
        'ａcme',
        '-acme',
        'acme-',
        'acme\n',
        '',
        'a'.repeat(65),
      ].map((value) => [field, value]),
    ),
  )('%s %j', (field, value) => {
    expect(errorsOf({ [field]: value }).map(({ path }) => path)).toEqual([field]);
  });
});

describe('attack 33: a user path has one spelling and stays where it says', () => {
  test.each([
    '..',
    'documents/..',
    'documents/../downloads',
    'documents/./notes',
    './documents',
    'documents//notes',
    'documents/',
    'documents\\notes',
    'documents/a\0b',
    'documents/\u202eb',
    'documents/e\u0301',
    'documents/notes.',
    'documents/notes ',
    'Documents',
    'notes',
    '~ada/notes',
    '~/~/notes',
    '//server/share',
    'C:/notes',
    'file:///etc',
    '**',
    '*/notes',
    'documents/**/notes',
    'documents/*/notes',
    'documents/a**',
    'documents/{a,b}',
    'documents/[a-z]',
    'documents/?',
    '$HOME/notes',
    '%USERPROFILE%/notes',
    '',
  ])('refuses %j', (path) => {
    expect(errorsOf(userPaths(path))).toHaveLength(1);
  });

  test.each([
    'documents',
    'downloads/Invoices 2026',
    'documents/**',
    'documents/*.md',
    '~',
    '~/Notes/**',
    '/srv/media',
    'pictures/été',
  ])('accepts %j', (path) => {
    expect(errorsOf(userPaths(path))).toEqual([]);
  });
});

describe('a host', () => {
  test.each([
    '*',
    'localhost',
    'x.localhost',
    '*.localhost',
    '127.0.0.1',
    '0x7f.1',
    '2130706433',
    '[::1]',
    'API.example.org',
    'example.org.',
    'bücher.example',
    'exаmple.org',
    'a.*.example.org',
    '*example.org',
    '*.*.org',
    '-a.org',
    'a-.org',
    'a..org',
    'a_b.org',
    'example.org:443',
    'https://example.org',
    'user@example.org',
    'example.org\n',
    `${'a'.repeat(64)}.org`,
    '',
  ])('cannot be %j', (host) => {
    expect(errorsOf(hosts(host)).map(({ path }) => path)).toEqual([
      'capabilities.net.allowed_hosts[0]',
    ]);
  });

  test.each(['api.example.org', '*.example.org', 'xn--bcher-kva.example', '1.example.org'])(
    'can be %j',
    (host) => {
      expect(errorsOf(hosts(host))).toEqual([]);
    },
  );
});

describe('a licence', () => {
  test.each(['MIT', 'MIT OR Apache-2.0', '(MIT AND ISC)', 'LicenseRef-acme', 'GPL-2.0+'])(
    'can be %j',
    (license) => {
      expect(errorsOf({ license })).toEqual([]);
    },
  );

  test.each(['GPL-2.0-only WITH Classpath-exception-2.0', 'DocumentRef-a:LicenseRef-b'])(
    'can be %j',
    (license) => {
      expect(errorsOf({ license })).toEqual([]);
    },
  );

  test.each([
    'NotALicense',
    'mit',
    'UNLICENSED',
    'MIT OR',
    'MIT WITH MIT',
    '(MIT',
    'MIT\n',
    ' MIT',
  ])('cannot be %j', (license) => {
    expect(errorsOf({ license }).map(({ path }) => path)).toEqual(['license']);
  });

  test('of hostile text is refused at once', () => {
    const hostile = [
      '('.repeat(128),
      '('.repeat(62) + 'MIT' + ')'.repeat(62),
      'MIT OR '.repeat(18),
    ];
    hostile.push('MIT+'.repeat(32), 'WITH'.repeat(32), 'a'.repeat(200_000));
    const cpuMs = cpuMsOf(() => {
      for (const license of hostile) errorsOf({ license });
    });
    expect(cpuMs).toBeLessThan(1000);
  });
});

describe('what people read', () => {
  test.each([
    ['an invisible character', { displayName: 'No\u200btes' }, 'displayName'],
    ['letters that are drawn as nothing', { displayName: '\u3164\u115f' }, 'displayName'],
    ['a blank of braille', { displayName: 'Notes\u2800' }, 'displayName'],
    ['words hidden in tags', { displayName: 'Notes\u{e0041}\u{e0042}' }, 'displayName'],
    ['a gap', { description: `Notes.${' '.repeat(60)}Signed by: Locara` }, 'description'],
    [
      'a gap of wide spaces',
      { description: 'Notes.\u3000\u2003\u00a0Signed by: me' },
      'description',
    ],
    ['marks that cover the line above', { displayName: `N${'\u0300'.repeat(20)}` }, 'displayName'],
    ['a soft hyphen', { displayName: 'No\u00adtes' }, 'displayName'],
    ['spaces alone', { displayName: '\u00a0\u3000' }, 'displayName'],
    ['a space at its end', { description: 'Notes ' }, 'description'],
    ['an escape sequence', { longDescription: 'a\u001b[2J' }, 'longDescription'],
    ['direction characters in a path', { icon: 'a\u202egnp.exe' }, 'icon'],
    ['a line break in a link', { homepage: 'https://a\n.example.org' }, 'homepage'],
    ['a user name in a link', { repository: 'https://github.com@evil.example' }, 'repository'],
    ['another scheme', { homepage: 'file:///etc/passwd' }, 'homepage'],
  ])('cannot have %s', (_, overrides, path) => {
    expect(errorsOf(overrides).map((error) => error.path)).toEqual([path]);
  });

  test.each([
    ['a quotation mark', 'documents/a” and nothing else. “b'],
    ['a gap', `documents/a${' '.repeat(40)}Signed by Locara`],
    ['letters that are drawn as nothing', 'documents/\u3164'],
  ])('cannot have %s in a user path', (_, path) => {
    const capabilities = { fs: { 'user-paths': { [path]: 'read' } } };
    expect(errorsOf({ capabilities })).toHaveLength(1);
  });

  test('can have emoji and other scripts', () => {
    expect(errorsOf({ displayName: '👩‍🔬 ❤️ ملاحظات ノート नोट्स' })).toEqual([]);
  });
});

describe('a shared collection', () => {
  const entry = { app: 'acme/mail', collection: 'people', access: 'read' };

  test('has a name that is shared with one app only', () => {
    const other = { ...entry, app: 'acme/other' };
    expect(errorsOf({ capabilities: { ipc: [entry, other] } })).toHaveLength(1);
    const another = { ...other, collection: 'places' };
    expect(errorsOf({ capabilities: { ipc: [entry, another] } })).toEqual([]);
  });

  test('names an app, a collection and an access', () => {
    expect(errorsOf({ capabilities: { ipc: [entry] } })).toEqual([]);
  });

  test.each([
    ['app', '../mail'],
    ['app', 'Acme/mail'],
    ['app', 'acme/mail/x'],
    ['collection', '../people'],
    ['access', 'write'],
  ])('refuses the %s %j', (key, value) => {
    expect(errorsOf({ capabilities: { ipc: [{ ...entry, [key]: value }] } })).toHaveLength(1);
  });
});
