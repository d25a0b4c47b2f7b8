import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { registerConsent } from './app-consent.ts';
import { registerStore } from './app-store.ts';
import { registerDiff } from './app-diff.ts';
import { registerExplain } from './app-explain.ts';
import { registerInstall } from './app-install.ts';
import { registerList } from './app-list.ts';
import { registerRevoke } from './app-revoke.ts';
import { registerRun } from './app-run.ts';
import { registerShow } from './app-show.ts';
import { registerUninstall } from './app-uninstall.ts';

export function registerApp(program: Command, context: CliContext): void {
  const app = program.command('app').description('install apps and decide what they may do');
  registerInstall(app, context);
  registerDiff(app, context);
  registerList(app, context);
  registerShow(app, context);
  registerConsent(app, context);
  registerExplain(app, context);
  registerRevoke(app, context);
  registerUninstall(app, context);
  registerRun(app, context);
  registerStore(app, context);
}
