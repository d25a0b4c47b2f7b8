import { describe, expect, test } from 'vitest';
import { askForSession, assertSession } from '../../../../clients/cli/service/service-session.ts';

const answer = (exitCode: number | undefined) => ({ exitCode, stdout: '', stderr: '' });

describe('on macOS', () => {
  test('a session is that of the screen, by the user’s number', () => {
    expect(askForSession('darwin', 501)).toEqual(['launchctl', 'print', 'gui/501']);
  });

  test('a Mac reached by ssh alone has none', () => {
    expect(() => {
      assertSession('darwin', answer(125));
    }).toThrow('not logged in at the screen');
  });

  test.each([0, undefined])('an answer, even one too long to keep (%s), is a session', (code) => {
    expect(() => {
      assertSession('darwin', answer(code));
    }).not.toThrow();
  });
});

test.each([1, undefined])('on Linux systemd must answer, and %s is no answer', (code) => {
  expect(() => {
    assertSession('linux', answer(code));
  }).toThrow('systemd');
});
