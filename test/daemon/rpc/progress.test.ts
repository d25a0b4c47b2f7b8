import { type Progress } from '@locara/protocol';
import { expect, test } from 'vitest';
import { createProgressSender } from '../../../daemon/rpc/progress.ts';

function collect() {
  const sent: Progress[] = [];
  let at = 0;
  const send = createProgressSender(
    (progress) => sent.push(progress),
    () => at,
  );
  return {
    sent,
    send,
    pass: (ms: number) => {
      at += ms;
    },
  };
}

test('stages never go back', () => {
  const { sent, send } = collect();
  for (const stage of ['loading', 'queued', 'running', 'prefill'] as const) send({ stage });
  expect(sent.map(({ stage }) => stage)).toEqual(['loading', 'running']);
});

test('at most ten of one stage a second', () => {
  const { sent, send, pass } = collect();
  for (let completed = 0; completed < 1000; completed += 1) {
    send({ stage: 'running', completed });
    pass(1);
  }
  expect(sent).toHaveLength(10);
});
