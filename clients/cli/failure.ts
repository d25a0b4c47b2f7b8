import { ClientError, RpcError } from '@locara/client';
import { CommanderError } from 'commander';
import { CliError, EXIT } from './context.ts';

/** What a failed command shows and exits with. */
export interface Failure {
  readonly reason: string;
  readonly message: string;
  readonly exitCode: number;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** Finds the daemon's line on it in its log. */
  readonly errorId?: string | undefined;
  /** What `--json` prints beside the error. */
  readonly document?: Readonly<Record<string, unknown>> | undefined;
}

const START_HINT =
  'Start it with `locara service start` (once after `locara service install`), or run `locarad` in another terminal.';

/** Every error a command can end with, as reason, sentence and exit code (contract, section 5). */
export function toFailure(error: unknown): Failure {
  if (error instanceof CliError) return error;
  if (error instanceof RpcError) return failureOfDaemon(error);
  if (error instanceof ClientError) return failureOfClient(error);
  if (error instanceof CommanderError) return failureOfUse(error);
  // A bug, or the operating system: its message helps, its stack does not.
  const message = error instanceof Error ? error.message : 'unknown error';
  return { reason: 'InternalError', message: `Unexpected: ${message}`, exitCode: EXIT.failed };
}

function failureOfUse({ code, message }: CommanderError): Failure {
  const isHelp = code === 'commander.help';
  const sentence = isHelp ? 'A command is missing: see --help.' : message.replace(/^error: /, '');
  return { reason: 'Usage', message: sentence, exitCode: EXIT.usage };
}

const REFUSING_REASONS: readonly string[] = ['Unauthenticated', 'CapabilityDenied'];
/** Decisions of the user or of a publisher that come with another reason. */
const REFUSING_RULES: readonly unknown[] = ['app_revoked', 'app_changed_on_disk', 'downgrade'];

function failureOfDaemon({ reason, message, details, errorId }: RpcError): Failure {
  const isRefusal = REFUSING_REASONS.includes(reason) || REFUSING_RULES.includes(details?.['rule']);
  return { reason, message, details, errorId, exitCode: isRefusal ? EXIT.refused : EXIT.failed };
}

function failureOfClient(error: ClientError): Failure {
  const { code, message, cause } = error;
  if (cause instanceof RpcError) return failureOfDaemon(cause);
  if (code === 'ConnectFailed' || code === 'ConnectionClosed') {
    const sentence = `${message} ${START_HINT}`;
    return { reason: 'DaemonUnreachable', message: sentence, exitCode: EXIT.unreachable };
  }
  const exitCode = code === 'DaemonNotTrusted' ? EXIT.refused : EXIT.failed;
  return { reason: code, message, exitCode };
}
