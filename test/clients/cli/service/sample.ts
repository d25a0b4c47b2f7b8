import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  describeService,
  type ServiceDescription,
} from '../../../../clients/cli/service/describe-service.ts';
import type { ServicePlatform } from '../../../../clients/cli/service/service-folders.ts';
import { resolveServiceFolders } from '../../../../clients/cli/service/service-folders.ts';

export const LAUNCHD = join(import.meta.dirname, '../../../../launchd');

export const TEMPLATES: Record<ServicePlatform, string> = {
  darwin: readFileSync(join(LAUNCHD, 'agent.plist.template'), 'utf8'),
  linux: readFileSync(join(LAUNCHD, 'locarad.service.template'), 'utf8'),
};

/** A service whose every path lies under `root`. */
export function sampleService(platform: ServicePlatform, root = '/opt/locara'): ServiceDescription {
  const variables = { LOCARA_HOME: `${root}/home` };
  return describeService({
    platform,
    runtime: `${root}/node`,
    daemonMain: `${root}/daemon/dist/main.js`,
    folders: resolveServiceFolders({ platform, home: '/home/ada', variables }),
    variables,
  });
}
