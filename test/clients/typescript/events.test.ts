import { expect, test, vi } from 'vitest';
import { createEvents } from '../../../clients/typescript/events.ts';

const ending = {
  reason: 'blocked',
  message: 'This app is blocked.',
  advisory: 'https://a.example',
};

test('session.ended is heard with its reason and its advisory', async () => {
  const events = createEvents();
  const heard = vi.fn();
  events.on('session.ended', heard);
  events.emit('session.ended', ending);
  await Promise.resolve();
  expect(heard).toHaveBeenCalledExactlyOnceWith(ending);
});

test.each([{}, { reason: 'blocked' }, { ...ending, message: 7 }, { ...ending, advisory: {} }])(
  'session.ended of another shape is not passed on: %j',
  async (params) => {
    const events = createEvents();
    const heard = vi.fn();
    events.on('session.ended', heard);
    events.emit('session.ended', params);
    await Promise.resolve();
    expect(heard).not.toHaveBeenCalled();
  },
);
