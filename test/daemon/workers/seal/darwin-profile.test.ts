import { describe, expect, test } from 'vitest';
import { planLaunch } from '../../../../daemon/workers/launch.ts';
import { findOpenOperation } from '../../../../daemon/workers/seal/darwin.ts';
import { renderSandboxProfile } from '../../../../daemon/workers/seal/darwin-profile.ts';

const render = (folder: string): string =>
  renderSandboxProfile({ execPath: '/opt/node', writableFolders: [folder] });

describe('the Seatbelt profile', () => {
  test('closes network, programs and files, each before its exceptions', () => {
    const lines = render('/data/stores/a').split('\n');
    expect(lines.slice(0, 3)).toEqual(['(version 1)', '(allow default)', '(deny network*)']);
    expect(lines.indexOf('(deny process-exec*)')).toBeLessThan(
      lines.indexOf('(allow process-exec* (literal "/opt/node"))'),
    );
    const writes = lines.filter((line) => line.includes('file-write*'));
    expect(writes[0]).toBe('(deny file-write*)');
    expect(writes[1]).toContain('(subpath "/data/stores/a")');
    expect(writes).toHaveLength(2);
  });

  test('never opens the network again', () => {
    expect(render('/a')).not.toMatch(/\(allow (?!default|process-exec|signal|file-write)/);
  });

  test('quotes what a folder could smuggle in', () => {
    expect(render('/a")(allow network*)("')).toContain('(subpath "/a\\")(allow network*)(\\"")');
    expect(render('/a\\')).toContain('(subpath "/a\\\\")');
  });

  test.each(['', 'a\n(allow network*)', 'a\0', 'a\u007f'])('refuses the folder %j', (folder) => {
    expect(() => render(folder)).toThrow('control characters');
  });

  test('lets nobody else start a program or use a camera for the worker', () => {
    const lines = render('/a').split('\n');
    for (const operation of ['job-creation', 'lsopen', 'device*', 'appleevent-send']) {
      expect(lines).toContain(`(deny ${operation})`);
    }
    const services = lines.find((line) => line.startsWith('(deny mach-lookup'));
    expect(services).toContain('(global-name "com.apple.launchservicesd")');
    expect(services).toContain('(global-name "com.apple.coreservices.launchservicesd")');
  });

  test('leaves the temporary folder to others, but for the corners of the frameworks', () => {
    const patterns = [...render('/a').matchAll(/\(regex #"([^"]+)"\)/g)].map(
      ([, pattern = '']) => new RegExp(pattern),
    );
    const isOpen = (path: string): boolean => patterns.some((pattern) => pattern.test(path));
    const user = '/private/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000';
    expect(isOpen(`${user}/C/node/com.apple.metal/functions.data`)).toBe(true);
    expect(isOpen(`${user}/T/TemporaryItems/a`)).toBe(true);
    expect(isOpen(`${user}/T/com.apple.metal/a`)).toBe(true);
    expect(isOpen(`${user}/T/locara-abc123/data/keys/master.key`)).toBe(false);
    expect(isOpen(`${user}/T/other/com.apple.metal`)).toBe(false);
    expect(isOpen(`/private/var/folders/zz/C/a`)).toBe(false);
    expect(isOpen(`/Users/ada${user}/C/a`)).toBe(false);
  });

  test('leaves reading free unless it is asked to close it', () => {
    expect(render('/a')).not.toContain('file-read');
  });

  test('closes reading but for the store, the code and the system, which come after', () => {
    const lines = renderSandboxProfile({
      execPath: '/opt/node',
      writableFolders: ['/data/stores/a'],
      readablePaths: ['/Users/ada/locara/daemon', '/opt/node'],
    }).split('\n');
    const reads = lines.slice(lines.indexOf('(deny file-read*)'));
    expect(reads.at(-2)).toBe('(deny file-read-data (subpath "/System/Volumes/Data"))');
    expect(reads.at(-1)).toBe(
      '(allow file-read* (subpath "/Users/ada/locara/daemon") (subpath "/opt/node") (subpath "/data/stores/a"))',
    );
    expect(reads.join('\n')).not.toMatch(/subpath "\/(Users|private|private\/tmp)?"/);
    expect(lines.join('\n')).not.toContain('TemporaryItems');
  });

  test('is balanced', () => {
    const profile = render('/a');
    expect(profile.split('(').length).toBe(profile.split(')').length);
  });
});

describe('a launch', () => {
  const entry = new URL('file:///opt/locara/daemon/dist/workers/llm/main.js');
  const site = {
    execPath: '/opt/node',
    temporaryFolder: '/private/tmp',
    resolvePath: (path: string) => path,
  };

  test('on macOS goes through sandbox-exec with the runtime as its program', () => {
    const plan = planLaunch({ entry, writableFolders: ['/data'] }, { ...site, platform: 'darwin' });
    expect(plan.execPath).toBe('/usr/bin/sandbox-exec');
    expect(plan.execArgv[0]).toBe('-p');
    expect(plan.execArgv[1]).toContain('(subpath "/data"))');
    expect(plan.execArgv[2]).toBe('/opt/node');
  });

  test('on macOS names every path as the kernel does, or no rule would match it', () => {
    const resolvePath = (path: string): string => `/private${path}`;
    const plan = planLaunch(
      { entry, writableFolders: ['/tmp/home/data/stores/a'] },
      { execPath: '/var/node', temporaryFolder: '/var/folders/T', resolvePath, platform: 'darwin' },
    );
    const profile = plan.execArgv[1] ?? '';
    expect(profile).toContain('(allow process-exec* (literal "/private/var/node"))');
    expect(profile).toContain('(subpath "/private/tmp/home/data/stores/a")');
    expect(profile).not.toMatch(/"\/(?:tmp|var)\//);
    expect(plan.execArgv[2]).toBe('/private/var/node');
    expect(plan.env['TMPDIR']).toBe('/private/var/folders/T');
  });

  test('on Linux starts the runtime, which seals itself', () => {
    const plan = planLaunch({ entry, writableFolders: ['/data'] }, { ...site, platform: 'linux' });
    expect(plan.execPath).toBe('/opt/node');
    expect(plan.execArgv).toContain('--disable-proto=delete');
    expect(plan.execArgv).not.toContain('--conditions=locara-source');
    expect(JSON.parse(plan.env['LOCARA_SEAL_WRITABLE'] ?? '')).toEqual(['/data']);
  });

  test('from source resolves the workspace to source', () => {
    const source = new URL('file:///opt/locara/daemon/workers/llm/main.ts');
    const plan = planLaunch({ entry: source, writableFolders: [] }, { ...site, platform: 'linux' });
    expect(plan.execArgv).toContain('--conditions=locara-source');
  });
});

describe('what the sandbox says of itself', () => {
  test('is believed when every operation is denied', () => {
    expect(findOpenOperation(() => 1)).toBeUndefined();
  });

  test.each([
    ['is allowed', 0],
    ['cannot be told', -1],
  ])('is not believed when one operation %s', (_, answer) => {
    const check = (operation: string): number => (operation === 'network-bind' ? answer : 1);
    expect(findOpenOperation(check)).toBe('network-bind');
  });
});
