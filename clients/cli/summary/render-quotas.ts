import type { ControlResult } from '@locara/protocol';

const WORDS = {
  concurrentCalls: 'calls open',
  tokensPerMinute: 'tokens in the last minute',
  tokensPerDay: 'tokens in the last 24 hours',
};

/** How much inference an app uses of what it may; nothing where the daemon does not say. */
export function renderQuotas(quotas: ControlResult<'app.show'>['quotas'] = {}): string[] {
  const uses = Object.entries(WORDS).flatMap(([name, words]) => {
    const quota = quotas[name];
    return quota === undefined ? [] : [`${count(quota.used)} of ${count(quota.limit)} ${words}`];
  });
  return uses.length === 0 ? [] : [`Inference: ${uses.join(', ')}`];
}

function count(amount: number): string {
  return amount.toLocaleString('en-US');
}
