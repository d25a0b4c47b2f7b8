import {
  describeCapability,
  describeDuration,
  type Grant,
  isCapability,
  type PendingExpansion,
} from '@locara/protocol';
import type { Command } from 'commander';
import { CliError, EXIT } from '../context.ts';
import type { CliContext } from '../context.ts';
import { plain } from '../output.ts';
import { belongsTo, findPending, type PendingDecisions } from '../pending-decisions.ts';
import { renderExpansion } from '../summary/render-app.ts';
import { addAppId } from './app-id.ts';
import { addExample } from './example.ts';

interface ConsentOptions {
  readonly yes?: boolean;
  readonly acceptRisk?: boolean;
}

/** The rights of an update still wait; machines read how long. */
class CoolingDown extends CliError {
  override readonly details: Readonly<Record<string, unknown>>;

  constructor(appId: string, { remainingMs, diffDigest }: PendingExpansion) {
    const wait = describeDuration(remainingMs);
    super(
      'CoolDown',
      `The new rights of ${appId} wait another ${wait} of running time. Then: locara app consent ${appId}`,
      EXIT.refused,
    );
    this.details = { remainingMs, diffDigest };
  }
}

export function registerConsent(app: Command, context: CliContext): void {
  const consent = addAppId(
    app
      .command('consent')
      .description(
        'decide what an app may do beyond what it got at install, or what an update asks for',
      ),
  )
    .argument('[capability]', 'without it, you are asked for each one that is pending')
    .option('--yes', 'consent to all that is pending, without being asked')
    .option('--accept-risk', 'with --yes: also to the new rights of an update')
    .action(async (appId: string, capability: string | undefined, options: ConsentOptions) => {
      if (capability === undefined) await decidePending(context, appId, options);
      else await grant(context, appId, capability);
    });
  addExample(
    consent,
    'locara app consent acme/notes',
    'locara app consent acme/notes ocr:run',
    'locara app consent acme/notes --yes --accept-risk --json',
  );
}

/** Naming it is the consent; what belongs to an update is shown, and bound to what was shown. */
async function grant(context: CliContext, appId: string, capability: string): Promise<void> {
  const { app } = await context.control('app.show', { appId });
  const expansion = belongsTo(app.pending, capability) ? app.pending : undefined;
  if (expansion !== undefined) showExpansion(context, appId, expansion);
  const result = await context.control('app.consent', {
    appId,
    capability,
    ...(expansion === undefined ? {} : { diffDigest: expansion.diffDigest }),
  });
  context.print(result, `${plain(appId)} may now: ${sentenceOf(capability)}`);
}

/** Shows what an update asks for; throws while its cool-down runs. */
function showExpansion(context: CliContext, appId: string, expansion: PendingExpansion): void {
  for (const line of renderExpansion(appId, expansion, context)) context.note(line);
  if (expansion.remainingMs > 0) throw new CoolingDown(appId, expansion);
}

async function decidePending(
  context: CliContext,
  appId: string,
  options: ConsentOptions,
): Promise<void> {
  const { app } = await context.control('app.show', { appId });
  const pending = findPending(app);
  const { capabilities, expansion } = pending;
  assertAnswers(context, pending, options);
  const asks = (question: string): Promise<boolean> =>
    options.yes === true ? Promise.resolve(true) : context.confirm(question);

  let grants: readonly Grant[] = app.grants.map(({ capability, state }) => ({ capability, state }));
  const decisions: string[] = [];
  for (const { capability } of capabilities) {
    const allowed = await asks(`May ${app.displayName} do this: ${sentenceOf(capability)}`);
    if (allowed) ({ grants } = await context.control('app.consent', { appId, capability }));
    decisions.push(`${plain(capability)}: ${allowed ? 'granted' : 'still pending'}`);
  }
  if (expansion !== undefined) {
    if (expansion.remainingMs > 0) for (const decision of decisions) context.note(decision);
    showExpansion(context, appId, expansion);
    const { diffDigest } = expansion;
    const allowed = await asks('Agree to all of this?');
    if (allowed) ({ grants } = await context.control('app.consent', { appId, diffDigest }));
    decisions.push(`the new rights: ${allowed ? 'granted' : 'still pending'}`);
  }
  context.print({ grants }, decisions.length === 0 ? 'Nothing is waiting for you.' : decisions);
}

/** Throws when there is something to decide now and nobody who does. */
function assertAnswers(
  context: CliContext,
  { capabilities, expansion }: PendingDecisions,
  { yes = false, acceptRisk = false }: ConsentOptions,
): void {
  const isReady = expansion?.remainingMs === 0;
  if (yes && isReady && !acceptRisk) {
    const message = 'The update asks for more than before: --yes is not enough, add --accept-risk.';
    throw new CliError('RiskNotAccepted', message, EXIT.refused);
  }
  if (yes || context.canAsk || (capabilities.length === 0 && !isReady)) return;
  const names = capabilities.map(({ capability }) => capability).join(', ');
  const ways = [
    ...(names === '' ? [] : [`name the capability (${names})`]),
    isReady ? 'consent to all of it with --yes --accept-risk' : 'consent to all of it with --yes',
  ];
  const message = `There is no terminal to ask on: ${ways.join(', or ')}.`;
  throw new CliError('ConsentRequired', message, EXIT.refused);
}

function sentenceOf(capability: string): string {
  if (capability.startsWith('ipc:')) return `Share “${plain(capability.slice('ipc:'.length))}”.`;
  return isCapability(capability) ? describeCapability(capability).sentence : plain(capability);
}
