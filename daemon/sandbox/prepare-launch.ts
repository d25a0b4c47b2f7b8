import { join } from 'node:path';
import type { Attestation } from '@locara/protocol';
import type { AppRecord } from '../access/apps/app-registry.ts';
import { CREDENTIALS_FILE } from '../access/apps/credentials-file.ts';
import { preparePrivateFolder } from '../files/private-folder.ts';
import type { Paths } from '../paths.ts';
import { chooseShared, type CommandRequest } from './choose-shared.ts';
import { findBubblewrap } from './find-bubblewrap.ts';
import { planSandbox } from './plan-sandbox.ts';
import { readSystemParts } from './system-parts.ts';

/** One start of an app, as `app.run` asks for it. */
export interface LaunchRequest extends CommandRequest {
  readonly appId: string;
  readonly environment?: Readonly<Partial<Record<string, string>>> | undefined;
}

/** A sandbox program that works, and what it is to be told. */
export interface PreparedLaunch {
  readonly path: string;
  readonly argv: readonly string[];
  readonly sharedFolder: string | undefined;
}

/** Everything that takes time: a sandbox that works, what the command shares, a home for the app. */
export async function prepareLaunch(
  { appId, environment = {}, ...request }: LaunchRequest,
  { paths, bubblewrap }: { readonly paths: Paths; readonly bubblewrap: string | undefined },
): Promise<PreparedLaunch> {
  const system = await readSystemParts();
  const { path, ...abilities } = await findBubblewrap({ path: bubblewrap, system });
  const choice = await chooseShared(request, {
    system,
    locaraFolders: [paths.run, paths.data, paths.config, paths.logs, paths.modelCache],
    userHome: paths.userHome,
  });
  const writableFolder = paths.launchedHome(appId);
  preparePrivateFolder(join(writableFolder, '..'));
  preparePrivateFolder(writableFolder);
  const argv = planSandbox({
    ...choice,
    system,
    writableFolder,
    credentials: join(paths.app(appId), CREDENTIALS_FILE),
    environment: definedOnly(environment),
    ...abilities,
  });
  return { path, argv, sharedFolder: choice.sharedFolder };
}

/** The file that tells a program inside which app it is; the app cannot change it. */
export function renderLaunchFile(
  { appId, manifest, manifestDigest }: AppRecord,
  { attestation, version }: { readonly attestation: Attestation; readonly version: string },
): string {
  const description = {
    appId,
    version: manifest.version,
    manifestDigest,
    attestation,
    daemon: { name: 'locarad', version },
  };
  return `${JSON.stringify(description, null, 2)}\n`;
}

function definedOnly(variables: Readonly<Partial<Record<string, string>>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
