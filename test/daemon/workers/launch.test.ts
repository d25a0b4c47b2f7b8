import { expect, test } from 'vitest';
import { planLaunch } from '../../../daemon/workers/launch.ts';

test('engines load for a user whom the system does not list, as in a container: a home is named', () => {
  const { env } = planLaunch(
    { entry: new URL('file:///engine.js'), writableFolders: [] },
    {
      platform: 'linux',
      execPath: '/node',
      temporaryFolder: '/tmp',
      resolvePath: (path) => path,
    },
  );
  expect(env['HOME']).toBe('/');
});
