import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { readPassphrase } from '../../../clients/cli/read-passphrase.ts';

/** A terminal that tells whether it shows what is typed, and what it showed. */
function makeTerminal({ isTTY = true } = {}) {
  const modes: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), {
    isTTY,
    setRawMode: (isRaw: boolean) => modes.push(isRaw),
  });
  let shown = '';
  const stderr = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      shown += chunk.toString();
      done();
    },
  });
  const read = () => readPassphrase({ stdin, stdout: new PassThrough(), stderr }, 'Passphrase');
  return { stdin, modes, read, shown: () => shown };
}

describe('a passphrase', () => {
  test('is typed without echo, and the terminal shows again what comes after', async () => {
    const { stdin, modes, read, shown } = makeTerminal();
    const reading = read();
    stdin.write('corret');
    stdin.write('\u007fct hö\u007forse\r');
    expect(await reading).toBe('correct horse');
    expect(modes).toEqual([true, false]);
    expect(shown()).toBe('Passphrase: \n');
  });

  test('is the next line where there is no terminal, and what follows stays', async () => {
    const { stdin, read, shown } = makeTerminal({ isTTY: false });
    stdin.write('first\nsecond\nthird');
    stdin.end();
    expect([await read(), await read(), await read()]).toEqual(['first', 'second', 'third']);
    expect(shown()).toBe('');
  });

  test.each([
    ['nothing', ''],
    ['Ctrl-D', '\u0004'],
  ])('is missing after %s', async (_name, typed) => {
    const { stdin, modes, read } = makeTerminal();
    stdin.end(typed);
    await expect(read()).rejects.toMatchObject({ reason: 'PassphraseMissing', exitCode: 2 });
    expect(modes.at(-1)).toBe(false);
  });

  test('is given up by Ctrl-C', async () => {
    const { stdin, modes, read } = makeTerminal();
    stdin.write('half\u0003');
    await expect(read()).rejects.toMatchObject({ reason: 'Interrupted', exitCode: 130 });
    expect(modes.at(-1)).toBe(false);
  });
});
