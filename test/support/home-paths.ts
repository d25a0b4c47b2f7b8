import { type Paths, resolvePaths } from '../../daemon/paths.ts';
import { createTemporaryFolder } from './signed-package.ts';

/** The places of a home in a folder; a new one unless told. */
export function createPaths(home: string = createTemporaryFolder()): Paths {
  return resolvePaths({
    platform: 'linux',
    home: '/nonexistent',
    variables: { LOCARA_HOME: home },
    teamId: undefined,
  });
}
