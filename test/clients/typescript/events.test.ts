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

test('store.filling is heard with its numbers, and not in another shape', async () => {
  const heard = vi.fn();
  const events = createEvents();
  events.on('store.filling', heard);
  const filling = { usedBytes: 80, limitBytes: 100, percent: 80 };
  events.emit('store.filling', { ...filling, percent: 'many' });
  events.emit('store.filling', { ...filling, collection: 7 });
  events.emit('store.filling', filling);
  await Promise.resolve();
  expect(heard.mock.calls).toEqual([[filling]]);
});
