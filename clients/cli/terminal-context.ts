import { createInterface } from 'node:readline/promises';
import { createControlClient } from '@locara/client';
import type { CliContext } from './context.ts';
import { plain } from './output.ts';
import type { Streams } from './output.ts';
import { currentPlaces } from './places.ts';

export interface ContextOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly streams: Streams;
  readonly json: boolean;
}

/** The context of one command run; disposing closes its connection to the daemon. */
export interface OpenContext extends CliContext, AsyncDisposable {}

export function createContext({ environment, streams, json }: ContextOptions): OpenContext {
  const { stdin, stdout, stderr } = streams;
  const canAsk = !json && stdin.isTTY === true && stderr.isTTY === true;
  const control = createControlClient({ socket: currentPlaces(environment).controlSocket });
  return {
    environment,
    json,
    interactive: !json && stdout.isTTY === true,
    canAsk,
    print: (document, lines) => {
      const text = typeof lines === 'string' ? lines : lines.join('\n');
      stdout.write(`${json ? JSON.stringify(document) : text}\n`);
    },
    note: (line) => {
      if (!json) stderr.write(`${line}\n`);
    },
    confirm: async (question) => canAsk && (await ask(streams, question)),
    control: (method, params) => control.call(method, params),
    [Symbol.asyncDispose]: () => control.close(),
  };
}

/** Yes only to `y` or `yes`; a closed terminal is a no. */
async function ask({ stdin, stderr }: Streams, question: string): Promise<boolean> {
  const prompt = createInterface({ input: stdin, output: stderr, terminal: false });
  try {
    const closed = new Promise<string>((resolve) =>
      prompt.once('close', () => {
        resolve('');
      }),
    );
    const answer = await Promise.race([prompt.question(`${plain(question)} [y/N] `), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}
