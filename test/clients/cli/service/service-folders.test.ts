import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveServiceFolders } from '../../../../clients/cli/service/service-folders.ts';
import { resolvePaths } from '../../../../daemon/paths.ts';

const environments = [
  { platform: 'darwin', home: '/Users/ada', variables: {} },
  { platform: 'linux', home: '/home/ada', variables: {} },
  {
    platform: 'linux',
    home: '/home/ada',
    variables: {
      XDG_RUNTIME_DIR: '/run/user/1000',
      XDG_DATA_HOME: '/d',
      XDG_CACHE_HOME: '/c',
      XDG_STATE_HOME: 'relative/is/ignored',
      XDG_CONFIG_HOME: '/k',
    },
  },
  { platform: 'linux', home: '/home/ada', variables: { LOCARA_HOME: '/srv/locara' } },
  { platform: 'darwin', home: '/Users/ada', variables: { LOCARA_HOME: '/srv/locara' } },
] as const;

describe('the folders of a service', () => {
  test.each(environments)('are the daemon’s own: $platform $variables', (environment) => {
    const paths = resolvePaths({ ...environment, teamId: undefined });
    expect(resolveServiceFolders(environment)).toMatchObject({
      run: paths.run,
      data: paths.data,
      cache: dirname(paths.modelCache),
      logs: paths.logs,
      config: paths.config,
    });
  });

  test('refuse a relative LOCARA_HOME', () => {
    expect(() =>
      resolveServiceFolders({
        platform: 'linux',
        home: '/home/ada',
        variables: { LOCARA_HOME: 'here' },
      }),
    ).toThrow('absolute');
  });
});
