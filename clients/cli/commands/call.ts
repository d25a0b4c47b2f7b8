import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { createClient, RpcError } from '@locara/client';
import type { CallableMethod, Client, Progress, StreamOptions } from '@locara/client';
import { parseJson } from '@locara/protocol';
import type { Command } from 'commander';
import { CliError, EXIT } from '../context.ts';
import type { CliContext } from '../context.ts';
import { toFailure } from '../failure.ts';
import { toJsonLine } from '../output.ts';
import { credentialsPath, currentPlaces } from '../places.ts';
import { VERSION } from '../version.ts';
import { APP_ID, parseAppId } from './app-id.ts';
import { addExample } from './example.ts';

const CONNECT_TIMEOUT_MS = 1000;

export function registerCall(program: Command, context: CliContext): void {
  const command = program
    .command('call')
    .description('call any method as an installed app, for trying things out; Ctrl-C cancels it')
    .argument('<method>', 'for example llm.chat')
    .argument('[json]', 'its params, a JSON object; - reads them from stdin')
    .requiredOption('--app <id>', APP_ID, parseAppId)
    .action(async (method: string, json: string | undefined, { app }: { app: string }) => {
      const params = await readParams(context, json);
      await callMethod(context, { method, params, appId: app });
    });
  addExample(
    command,
    'locara call embed.create \'{"input":"a cat"}\' --app acme/notes',
    'locara call llm.complete \'{"prompt":"Once","stop":".","seed":7}\' --app acme/notes',
    'locara call session.info --app acme/notes --json',
    'locara call vault.encrypt - --app acme/notes < params.json',
  );
}

interface Request {
  readonly method: string;
  readonly params: Record<string, unknown>;
  readonly appId: string;
}

async function callMethod(context: CliContext, { method, params, appId }: Request): Promise<void> {
  await using client = createClient({
    credentials: findCredentials(context, appId),
    name: 'locara',
    version: VERSION,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
  });
  const chunks: unknown[] = [];
  const onChunk = (chunk: unknown): void => {
    if (context.json) chunks.push(chunk);
    else context.print(undefined, toJsonLine({ chunk }));
  };
  const onProgress = noteProgress(context);
  const options = context.interactive ? { onChunk, onProgress } : { onChunk };
  const result = await callByName(client, { method, params, options }).catch((error: unknown) => {
    const told = pointToReason(error, { method, appId });
    throw context.json ? told : addDetails(told);
  });
  context.print({ result, chunks }, toJsonLine({ result }));
}

/** An app is not told which check refused it; its user may ask. */
function pointToReason(
  error: unknown,
  { method, appId }: Pick<Request, 'method' | 'appId'>,
): unknown {
  const { reason, errorId } = toFailure(error);
  if (reason !== 'Unauthenticated') return error;
  const message = `locarad did not let ${appId} in. To see why: locara app explain ${appId} ${method}`;
  return new RpcError(reason, message, errorId === undefined ? {} : { errorId });
}

/** Below the sentence, the numbers and names that a program would read; the frame shows issues itself. */
function addDetails(error: unknown): unknown {
  if (!(error instanceof RpcError)) return error;
  const { reason, message, details = {}, errorId } = error;
  const lines = Object.entries(details)
    .filter(([, value]) => value !== null && typeof value !== 'object')
    .map(([name, value]) => `  ${name}: ${String(value)}`);
  return new RpcError(reason, [message, ...lines].join('\n'), {
    details,
    ...(errorId === undefined ? {} : { errorId }),
  });
}

/** The table types each method; here the daemon checks name and params, and the table the answer. */
function callByName(
  client: Client,
  { method, params, options }: Omit<Request, 'appId'> & { options: StreamOptions<unknown> },
): Promise<unknown> {
  return client.call(method as CallableMethod, params, options);
}

function noteProgress(context: CliContext): (progress: Progress) => void {
  let last: string | undefined;
  return ({ stage }) => {
    if (stage !== last) context.note(`${stage} …`);
    last = stage;
  };
}

function findCredentials(context: CliContext, appId: string): string {
  const path = credentialsPath(currentPlaces(context.environment), appId);
  if (existsSync(path)) return path;
  const message = 'No such app is installed: `locara app list` shows those that are.';
  throw new CliError('NotFound', message);
}

const FROM_STDIN = '-';
const PASSPHRASES = ['passphrase', 'newPassphrase'];

/** A passphrase belongs on stdin: other programs can read what is on a command line. */
async function readParams(context: CliContext, json = '{}'): Promise<Record<string, unknown>> {
  if (json === FROM_STDIN) return parseParams(await text(context.streams.stdin));
  const params = parseParams(json);
  if (PASSPHRASES.some((name) => Object.hasOwn(params, name))) {
    context.note(
      'Other programs can read a passphrase on the command line, and the shell may keep it: give - and the params on stdin.',
    );
  }
  return params;
}

function parseParams(json: string): Record<string, unknown> {
  let params: unknown;
  try {
    params = parseJson(json);
  } catch {
    params = undefined;
  }
  if (typeof params === 'object' && params !== null && !Array.isArray(params)) {
    return params as Record<string, unknown>;
  }
  throw new CliError('Usage', 'The params must be one JSON object.', EXIT.usage);
}
