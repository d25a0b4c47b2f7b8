import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DestinationStream, pino } from 'pino';
import { LogFile } from './log-file.ts';

/** The only fields a log line may carry. Anything else is dropped: content cannot reach a log by accident. */
const LOGGED_FIELDS = [
  'appId',
  'attempt',
  'attestation',
  'availableBytes',
  'bytes',
  'calls',
  'capability',
  'check',
  'code',
  'device',
  'digest',
  'durationMs',
  'errorId',
  'errorName',
  'heldBytes',
  'kind',
  'limitBytes',
  'method',
  'model',
  'peerPid',
  'peerUid',
  'reason',
  'rule',
  'signal',
  'signerId',
  'socket',
  'stack',
  'state',
  'unloaded',
  'version',
  'workerPid',
] as const;

export type LogField = (typeof LOGGED_FIELDS)[number];
export type LogFields = Partial<Readonly<Record<LogField, string | number | boolean | undefined>>>;

/** One event per line: a dotted name and fields of the vocabulary. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** A log in `folder/locarad.log`. Every line is written before the call returns: nothing is left to flush. */
export function createFileLog(folder: string, level: string): Log {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return createLog(new LogFile(join(folder, 'locarad.log')), level);
}

/** A log on any stream. */
export function createLog(destination: DestinationStream, level: string): Log {
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  const write =
    (severity: 'debug' | 'info' | 'warn' | 'error') =>
    (event: string, fields = {}) => {
      logger[severity]({ event, ...pickFields(fields) });
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
}

/** What of a bug may be logged: its name, its code and its stack frames; its message may hold content. */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { errorName: typeof error };
  const frames = framesOf(error).filter((line) => /^\s+at /.test(line));
  const code = (error as { code?: unknown }).code;
  return {
    errorName: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    stack: frames.slice(0, 12).join('\n'),
  };
}

/** The stack without the message it begins with: a line of content may look like a frame. */
function framesOf({ stack = '', message }: Error): string[] {
  const at = stack.indexOf(message);
  // A message that was changed since is not in the stack, which then holds the first one: it cannot be told apart.
  return at === -1 ? [] : stack.slice(at + message.length).split('\n');
}

function pickFields(fields: LogFields): LogFields {
  const picked: Record<string, unknown> = {};
  for (const key of LOGGED_FIELDS) {
    const value = fields[key];
    if (typeof value === 'string') picked[key] = value.slice(0, 2000);
    else if (value !== undefined) picked[key] = value;
  }
  return picked;
}
