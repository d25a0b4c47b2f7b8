import { CliError, EXIT } from './context.ts';
import type { Streams } from './streams.ts';

const MAX_BYTES = 4096;
const KEYS = { enter: [0x0a, 0x0d], backspace: [0x08, 0x7f], interrupt: 0x03, end: 0x04 };

/** A terminal that can be told not to show what is typed. */
interface QuietTerminal {
  readonly setRawMode?: (isRaw: boolean) => unknown;
}

/**
 * One line that nobody sees: typed without echo on a terminal, else the next line of stdin; never from the
 * command line or the environment, which other programs can read. The caller sends it and lets go of it.
 */
export async function readPassphrase(streams: Streams, prompt: string): Promise<string> {
  const { stdin, stderr } = streams;
  const terminal: Streams['stdin'] & QuietTerminal = stdin;
  if (stdin.isTTY !== true) return readLine(stdin);
  stderr.write(`${prompt}: `);
  terminal.setRawMode?.(true);
  try {
    return await readLine(stdin);
  } finally {
    terminal.setRawMode?.(false);
    stderr.write('\n');
  }
}

/** Up to Enter; what follows stays in the stream. Throws CliError when the line is cut off. */
function readLine(stdin: Streams['stdin']): Promise<string> {
  const typed = Buffer.alloc(MAX_BYTES);
  let length = 0;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const finish = (): void => {
    resolve(typed.toString('utf8', 0, length));
  };
  const take = (byte: number): 'more' | 'done' => {
    if (KEYS.enter.includes(byte)) {
      finish();
      return 'done';
    }
    if (byte === KEYS.interrupt) {
      reject(new CliError('Interrupted', 'Ended by Ctrl-C.', 130));
      return 'done';
    }
    if (byte === KEYS.end) {
      reject(noPassphrase());
      return 'done';
    }
    if (KEYS.backspace.includes(byte)) length = beforeLastCharacter(typed, length);
    else if (length < MAX_BYTES) typed[length++] = byte;
    return 'more';
  };
  const onReadable = (): void => {
    for (;;) {
      const chunk = stdin.read(1) as Buffer | null;
      const [byte] = chunk ?? [];
      if (byte === undefined) return;
      chunk?.fill(0);
      if (take(byte) === 'done') return;
    }
  };
  const onEnd = (): void => {
    if (length === 0) reject(noPassphrase());
    else finish();
  };
  stdin.on('readable', onReadable);
  stdin.once('end', onEnd);
  onReadable();
  return promise.finally(() => {
    typed.fill(0);
    stdin.off('readable', onReadable);
    stdin.off('end', onEnd);
    stdin.pause();
  });
}

/** The bytes of UTF-8 that continue a character go with it. */
function beforeLastCharacter(typed: Buffer, length: number): number {
  let end = Math.max(0, length - 1);
  while (end > 0 && ((typed[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return end;
}

function noPassphrase(): CliError {
  const message =
    'No passphrase was given: type it on the terminal, or put it on stdin as one line.';
  return new CliError('PassphraseMissing', message, EXIT.usage);
}
