import { expect, test } from 'vitest';
import { ControlHome, locara } from '../../../support/run-cli.ts';

const APP = 'acme/notes';
const state = {
  budget: 'evil\u001b[2J',
  subject: 'ada',
  maxEpsilon: 10,
  delta: 1e-5,
  spent: { rho: 0.05, epsilon: 1.3081183 },
  remaining: { rho: 1.7, epsilon: 8.6918817 },
  isExhausted: false,
  charges: 7,
  onExhausted: 'block',
};

test('budgets lists every page, rounds against the app, and shows nothing that steers a terminal', async () => {
  await using control = await ControlHome.start({
    'privacy.budgets': ({ params }) =>
      (params as { cursor?: string }).cursor === undefined
        ? { budgets: [state], cursor: '1' }
        : { budgets: [{ ...state, budget: '', isExhausted: true, onExhausted: 'warn' }] },
  });
  const { stdout } = await locara(['privacy', 'budgets', APP], control);
  expect(stdout).toMatch(/ada +1\.309 +8\.691 +7 +0\.00001/);
  expect(stdout).toMatch(/\(none\) +ada +1\.309 +nothing, and it goes on/);
  expect(stdout).not.toContain('\u001b');
});

test('budgets of an app that told nothing says so', async () => {
  await using control = await ControlHome.start({ 'privacy.budgets': () => ({ budgets: [] }) });
  const { stdout, exitCode } = await locara(['privacy', 'budgets', APP], control);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('told nothing');
});

test('reset asks a person, and does nothing unless they agree', async () => {
  const asked: unknown[] = [];
  await using control = await ControlHome.start({
    'privacy.resetBudget': ({ params }) => {
      asked.push(params);
      return { reset: 1 };
    },
  });
  const no = await locara(['privacy', 'reset', APP, 'b'], { home: control.home, answers: 'n\n' });
  expect(no.exitCode).toBe(3);
  expect(no.stderr).toContain('stays known');
  expect(asked).toEqual([]);
  const yes = await locara(['privacy', 'reset', APP, 'b'], { home: control.home, answers: 'y\n' });
  expect(yes.exitCode).toBe(0);
  const all = await locara(['privacy', 'reset', APP, '--all', '--yes', '--json'], control);
  expect(JSON.parse(all.stdout)).toEqual({ reset: 1 });
  expect(asked).toEqual([{ appId: APP, budget: 'b' }, { appId: APP }]);
});

test.each([[[]], [['']], [['b', '--all']], [['--all', '--subject', 'ada']]])(
  'reset with %j is a misuse',
  async (argv) => {
    const { exitCode } = await locara(['privacy', 'reset', APP, ...argv, '--yes']);
    expect(exitCode).toBe(2);
  },
);
