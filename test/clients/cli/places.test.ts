import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { credentialsPath, resolvePlaces } from '../../../clients/cli/places.ts';
import { resolvePaths } from '../../../daemon/paths.ts';

const PLATFORMS = ['darwin', 'linux'] as const;
const VARIABLES: readonly Record<string, string>[] = [
  {},
  { LOCARA_HOME: '/tmp/x' },
  { LOCARA_HOME: 'relative/home' },
  { LOCARA_HOME: '' },
  { XDG_RUNTIME_DIR: '/run/user/1000' },
  { XDG_RUNTIME_DIR: 'relative' },
  { XDG_RUNTIME_DIR: '' },
  { XDG_STATE_HOME: '/state', XDG_DATA_HOME: '/data', XDG_CONFIG_HOME: '/config' },
  { XDG_STATE_HOME: 'state', XDG_DATA_HOME: '', XDG_CONFIG_HOME: './config' },
  { XDG_CACHE_HOME: '/cache', LOCARA_TEAM_ID: 'TEAM123456' },
];

describe.each(PLATFORMS)('on %s', (platform) => {
  test.each(VARIABLES)('the places are the daemon’s own with %o', (variables) => {
    const environment = { platform, home: '/home/ada', variables };
    const paths = resolvePaths({ ...environment, teamId: variables['LOCARA_TEAM_ID'] });
    const places = resolvePlaces(environment);
    const { controlSocket, data, config, logs, developmentKey } = paths;
    expect(places).toEqual({ controlSocket, data, config, logs, developmentKey });
    expect(credentialsPath(places, 'acme/notes')).toBe(
      `${paths.app('acme/notes')}/credentials.json`,
    );
  });
});

test.each(['../etc', 'acme', 'acme/../x', '/acme/notes', 'acme/notes/x', ''])(
  'the app id %j never becomes a path',
  (appId) => {
    const places = resolvePlaces({ platform: 'linux', home: '/home/ada', variables: {} });
    expect(() => credentialsPath(places, appId)).toThrow('publisher/name');
  },
);

test('a relative home is a whole path from the start, so that credentials work anywhere', () => {
  const variables = { LOCARA_HOME: 'relative/home' };
  const places = resolvePlaces({ platform: 'linux', home: '/home/ada', variables });
  expect(places.data).toBe(join(process.cwd(), 'relative/home/data'));
});
