import type { InferenceLimits } from '@locara/protocol';

/** How much inference an app allows itself, in one line; nothing where it leaves that to the user. */
export function renderLimits(limits: InferenceLimits = {}): string[] {
  const { concurrent_calls: calls, tokens_per_minute: minute, tokens_per_day: day } = limits;
  const words = [
    ...(calls === undefined ? [] : [count(calls, 'call', 'at once')]),
    ...(minute === undefined ? [] : [count(minute, 'token', 'a minute')]),
    ...(day === undefined ? [] : [count(day, 'token', 'a day')]),
  ];
  return words.length === 0 ? [] : [`It limits itself to ${words.join(', ')}.`];
}

function count(amount: number, noun: string, per: string): string {
  return `${amount.toLocaleString('en-US')} ${noun}${amount === 1 ? '' : 's'} ${per}`;
}
