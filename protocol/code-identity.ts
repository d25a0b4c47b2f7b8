/** How macOS recognises the code of an app: its bundle, and the team that signed it. */
export interface MacCodeIdentity {
  readonly bundleId: string;
  readonly teamId: string;
}

/** What `build.macos` of a manifest says; `malformed` is something that can never be matched. */
export type DeclaredCode = MacCodeIdentity | 'none' | 'malformed';

const BUNDLE_ID = /^[A-Za-z0-9.-]{1,255}$/;
const TEAM_ID = /^[A-Z0-9]{10}$/;

/** Whether the text may stand in a code requirement: nothing in it can end its quotation. */
export function isBundleId(text: string): boolean {
  return BUNDLE_ID.test(text);
}

/** Whether the text is a team id of Apple: ten capital letters and digits. */
export function isTeamId(text: string): boolean {
  return TEAM_ID.test(text);
}

/** Reads `macos: {bundleId, teamId}` out of a manifest's `build`, which else means nothing to the daemon. Never throws. */
export function readMacCode(build: unknown): DeclaredCode {
  const macos = ownValue(build, 'macos');
  if (macos === undefined) return 'none';
  const bundleId = ownValue(macos, 'bundleId');
  const teamId = ownValue(macos, 'teamId');
  if (typeof bundleId !== 'string' || typeof teamId !== 'string') return 'malformed';
  return isBundleId(bundleId) && isTeamId(teamId) ? { bundleId, teamId } : 'malformed';
}

function ownValue(holder: unknown, key: string): unknown {
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, key))
    return undefined;
  return (holder as Readonly<Record<string, unknown>>)[key];
}
