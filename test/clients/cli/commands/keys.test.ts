import { expect, test } from 'vitest';
import { ControlHome, locara } from '../../../support/run-cli.ts';

test.each([
  [{ protection: 'file', state: 'ready' }, 'not protected by a passphrase'],
  [{ state: 'new' }, 'not protected by a passphrase'],
  [{ state: 'unreachable', problem: 'The master key is missing.' }, 'The master key is missing.'],
])(
  'locara keys unlock asks for no passphrase that would open nothing: %j',
  async (state, words) => {
    await using control = await ControlHome.start({
      'keys.show': () => ({ stores: 1, isRotating: false, ...state }),
    });
    const { exitCode, stderr } = await locara(['keys', 'unlock'], control);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(words);
  },
);
