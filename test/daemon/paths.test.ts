import { describe, expect, test } from 'vitest';
import { resolvePaths } from '../../daemon/paths.ts';
import { assertPathLength } from '../../daemon/transport/socket.ts';

function macPaths(environment: { home?: string; teamId?: string; chosen?: string } = {}) {
  const { home = '/Users/ada', teamId, chosen } = environment;
  const variables = { LOCARA_HOME: chosen };
  return resolvePaths({ platform: 'darwin', home, variables, teamId });
}

describe('on macOS', () => {
  test('apps meet the daemon in the container of the team that signs them', () => {
    expect(macPaths({ teamId: 'AB12CD34EF' }).appSocket).toBe(
      '/Users/ada/Library/Group Containers/AB12CD34EF.locara/app.sock',
    );
  });

  test.each([undefined, ''])('without a team (%j) in the one for development', (teamId) => {
    const paths = macPaths(teamId === undefined ? {} : { teamId });
    expect(paths.appSocket).toBe('/Users/ada/Library/Group Containers/group.app.locara/app.sock');
  });

  test.each(['../../../tmp', 'AB12CD34E', 'ab12cd34ef', 'AB12CD34EF/x', 'AB12CD34EF\n'])(
    'the team id %j never becomes a path',
    (teamId) => {
      expect(() => macPaths({ teamId })).toThrow('LOCARA_TEAM_ID');
    },
  );

  test('a home of the quickstart in the temporary folder leaves room for its sockets', () => {
    const temporary = '/private/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T';
    const { appSocket, controlSocket } = macPaths({ chosen: `${temporary}/locara-XXXXXX` });
    expect(Buffer.byteLength(controlSocket)).toBe(87);
    for (const path of [appSocket, controlSocket]) {
      expect(() => {
        assertPathLength(path);
      }).not.toThrow();
    }
  });

  test('a user name of 44 bytes is the longest that leaves room for the sockets of a login', () => {
    const isShortEnough = (bytes: number): boolean => {
      const { appSocket, controlSocket } = macPaths({ home: `/Users/${'a'.repeat(bytes)}` });
      return [appSocket, controlSocket].every((path) => Buffer.byteLength(path) <= 103);
    };
    expect(isShortEnough(44)).toBe(true);
    expect(isShortEnough(45)).toBe(false);
  });
});
