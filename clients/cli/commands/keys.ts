import { type ControlResult, KEY_PROTECTIONS, MIN_PASSPHRASE_CHARS } from '@locara/protocol';
import { type Command, Option } from 'commander';
import { CliError, EXIT } from '../context.ts';
import type { CliContext } from '../context.ts';
import { plain } from '../output.ts';
import { readPassphrase } from '../read-passphrase.ts';
import { parseAppId } from './app-id.ts';
import { addExample } from './example.ts';

type State = ControlResult<'keys.show'>;
type Protection = (typeof KEY_PROTECTIONS)[number];

const PASSPHRASE_HELP = `
A passphrase is typed on the terminal, where nobody sees it; without a terminal it is
the next line of stdin. It is never an argument and never an environment variable.`;

const NAMES: Record<Protection, string> = {
  keyring: "the keyring of this computer's login",
  file: 'a file that only you can read, in the folder keys of the data folder',
  passphrase: 'a passphrase',
};

export function registerKeys(program: Command, context: CliContext): void {
  const keys = program.command('keys').description("the keys that encrypt the apps' data");
  registerShow(keys, context);
  registerProtect(keys, context);
  registerRotate(keys, context);
  registerUnlock(keys, context);
  registerLock(keys, context);
}

function registerShow(keys: Command, context: CliContext): void {
  const show = keys
    .command('show')
    .description('what protects the keys, and whether they can be had now')
    .action(async () => {
      const state = await context.control('keys.show', {});
      context.print(state, renderState(state));
    });
  addExample(show, 'locara keys show');
}

function registerProtect(keys: Command, context: CliContext): void {
  const protect = keys
    .command('protect')
    .description('make a new master key that something else protects, or choose another passphrase')
    .addOption(
      new Option('--with <protection>', 'what is to protect it')
        .choices(KEY_PROTECTIONS)
        .makeOptionMandatory(),
    )
    .action(async (options: { readonly with: Protection }) => {
      const { with: kind } = options;
      const chosen = kind === 'passphrase' ? { passphrase: await choosePassphrase(context) } : {};
      const done = await context.control('keys.protect', { with: kind, ...chosen });
      context.print(done, [
        `From now on the keys are protected by ${NAMES[done.protection]}.`,
        ...renderRewrapped(done),
        ...(kind === 'passphrase'
          ? [
              'After each start of the daemon: locara keys unlock. Without the passphrase the data is lost.',
            ]
          : []),
      ]);
    });
  addExample(
    protect,
    'locara keys protect --with keyring',
    'locara keys protect --with passphrase',
  );
  protect.addHelpText('after', PASSPHRASE_HELP);
}

function registerRotate(keys: Command, context: CliContext): void {
  const rotate = keys
    .command('rotate')
    .description('make a new master key, or with --app a new data key for the store of one app')
    .option('--app <id>', 'the app whose store is copied under a new key', parseAppId)
    .action(async ({ app }: { readonly app?: string }) => {
      if (app === undefined) await rotateMaster(context);
      else {
        const done = await context.control('keys.rotateStore', { appId: app });
        context.print(done, `The data of ${plain(app)} is under a new key.`);
      }
    });
  addExample(rotate, 'locara keys rotate', 'locara keys rotate --app acme/notes');
  rotate.addHelpText('after', PASSPHRASE_HELP);
}

async function rotateMaster(context: CliContext): Promise<void> {
  const { protection } = await context.control('keys.show', {});
  const given =
    protection === 'passphrase'
      ? { passphrase: await readPassphrase(context.streams, 'Passphrase') }
      : {};
  const done = await context.control('keys.rotate', given);
  context.print(done, ['There is a new master key.', ...renderRewrapped(done)]);
}

function registerUnlock(keys: Command, context: CliContext): void {
  const unlock = keys
    .command('unlock')
    .description('open the keys by the passphrase, until the daemon ends or they are locked')
    .action(async () => {
      await assertPassphraseNeeded(context);
      const passphrase = await readPassphrase(context.streams, 'Passphrase');
      const state = await context.control('keys.unlock', { passphrase });
      context.print(state, 'The keys are unlocked.');
    });
  addExample(unlock, 'locara keys unlock');
  unlock.addHelpText('after', PASSPHRASE_HELP);
}

/** Nobody is asked for a passphrase that would open nothing. */
async function assertPassphraseNeeded(context: CliContext): Promise<void> {
  const { protection, problem } = await context.control('keys.show', {});
  if (protection === 'passphrase') return;
  const message = 'The keys are not protected by a passphrase: there is nothing to unlock.';
  throw new CliError('InvalidParams', plain(problem ?? message));
}

function registerLock(keys: Command, context: CliContext): void {
  const lock = keys
    .command('lock')
    .description('close every store, and forget the master key')
    .action(async () => {
      const state = await context.control('keys.lock', {});
      context.print(state, 'The keys are locked. To open them again: locara keys unlock');
    });
  addExample(lock, 'locara keys lock');
}

/** Twice on a terminal, where nobody sees what they typed. */
async function choosePassphrase(context: CliContext): Promise<string> {
  const passphrase = await readPassphrase(context.streams, 'New passphrase');
  if (passphrase.length < MIN_PASSPHRASE_CHARS) {
    const message = `A passphrase has at least ${MIN_PASSPHRASE_CHARS} characters; four or more random words are good.`;
    throw new CliError('PassphraseTooShort', message, EXIT.usage);
  }
  if (context.streams.stdin.isTTY !== true) return passphrase;
  const again = await readPassphrase(context.streams, 'The same again');
  if (again === passphrase) return passphrase;
  throw new CliError('PassphraseDiffers', 'These are two different passphrases.', EXIT.usage);
}

function renderState({ protection, state, problem, stores, isRotating }: State): string[] {
  if (protection === undefined) {
    return [plain(problem ?? 'No app has stored anything, so there are no keys yet.')];
  }
  const count = stores === 1 ? '1 store' : `${stores} stores`;
  const whose = stores === 0 ? 'No app has stored anything now; keys' : `The keys of ${count}`;
  return [
    `${whose} are protected by ${NAMES[protection]}.`,
    ...(problem === undefined ? ['They can be had now.'] : [plain(problem)]),
    ...(state === 'ready' && isRotating
      ? ['A change of the master key has not ended. To end it: locara keys rotate']
      : []),
  ];
}

function renderRewrapped({ stores, unreadable }: ControlResult<'keys.rotate'>): string[] {
  const count = stores === 1 ? 'The key of 1 store is' : `The keys of ${stores} stores are`;
  return [
    `${count} wrapped by it.`,
    ...(unreadable.length === 0
      ? []
      : [`Damaged before, and left as they are: ${plain(unreadable.join(', '))}`]),
  ];
}
