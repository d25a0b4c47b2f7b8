import { CliError } from '../context.ts';
import type { ServicePlatform } from './service-folders.ts';
import type { CommandOutcome } from './run-plan.ts';
import type { RunStep } from './service-plan.ts';

/** A command that succeeds only where this user has a session that services can belong to. */
export function askForSession(platform: ServicePlatform, uid: number): RunStep['argv'] {
  return platform === 'darwin'
    ? ['launchctl', 'print', `gui/${String(uid)}`]
    : ['systemctl', '--user', 'show', '--property=Version'];
}

/** Containers, plain ssh commands and other init systems have no service manager for users. */
export function assertSession(platform: ServicePlatform, answer: CommandOutcome): void {
  if (hasSession(platform, answer)) return;
  throw new CliError(
    'NoServiceSession',
    `${NO_SESSION[platform]}, so nothing can be installed or controlled. ` +
      'Log in on the machine itself, or start the daemon yourself with `locarad`.',
  );
}

export function hasSession(platform: ServicePlatform, answer: CommandOutcome): boolean {
  // launchctl tells more than is read here when all goes well; that it ended badly is what counts.
  return answer.exitCode === 0 || (platform === 'darwin' && answer.exitCode === undefined);
}

const NO_SESSION: Record<ServicePlatform, string> = {
  darwin: 'You are not logged in at the screen of this Mac',
  linux: 'No systemd user session answers here',
};
