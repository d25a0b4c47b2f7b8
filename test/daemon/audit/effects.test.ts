import { expect, test } from 'vitest';
import { FOUND_ENTITIES } from '@locara/protocol';
import type { AuditLog } from '../../../daemon/audit/audit.ts';
import { EffectWindow, type PrivacyEffect } from '../../../daemon/audit/effect-window.ts';
import { ENTITIES } from '../../../daemon/privacy/redaction/recognizers.ts';
import { AuditHome } from '../../support/audit-home.ts';

const APP = 'acme/notes';

function redact(counts: Record<string, number>, method = 'llm.chat'): PrivacyEffect {
  return { appId: APP, method, step: 'redact', counts };
}

async function entriesOf(audit: AuditLog) {
  const entries = await audit.show({ appId: APP, limit: 1000 });
  return entries.filter(({ event }) => event.startsWith('privacy.'));
}

test('effects are counted together by method and step, one number for each entity', async () => {
  const audit = await new AuditHome().open();
  audit.effect(redact({ EMAIL_ADDRESS: 2, US_SSN: 1 }));
  audit.effect(redact({ EMAIL_ADDRESS: 1 }));
  audit.effect({ appId: APP, method: 'embed.create', step: 'dp', counts: { microRho: 35_921 } });
  const entries = await entriesOf(audit);
  expect(entries.map(({ event, fields }) => [event, fields])).toEqual(
    expect.arrayContaining([
      [
        'privacy.redacted',
        expect.objectContaining({ method: 'llm.chat', count: 2, EMAIL_ADDRESS: 3, US_SSN: 1 }),
      ],
      ['privacy.noised', expect.objectContaining({ count: 1, microRho: 35_921 })],
    ]),
  );
  expect(await audit.verify()).toMatchObject({ ok: true });
});

test('each entity that can be found is counted under its own name', async () => {
  expect([...FOUND_ENTITIES]).toEqual([...ENTITIES].toSorted());
  const audit = await new AuditHome().open();
  for (const entity of ENTITIES) audit.effect(redact({ [entity]: 2 }, `method of ${entity}`));
  const entries = audit.effectsOf(APP, 1000);
  expect(entries.every(({ counts }) => !('CUSTOM' in counts))).toBe(true);
});

test('a name that an app chose is not in the log', async () => {
  const audit = await new AuditHome().open();
  audit.effect(redact({ ada_lovelace: 2, ['x'.repeat(5000)]: 1, EMAIL_ADDRESS: Number.NaN }));
  const [entry] = await entriesOf(audit);
  expect(entry?.fields).toMatchObject({ CUSTOM: 3 });
  expect(Object.keys(entry?.fields ?? {}).toSorted()).toEqual([
    'CUSTOM',
    'count',
    'firstAt',
    'lastAt',
    'method',
  ]);
});

test('whatever an app does, few records are open, only what it may cause is written, and nothing is lost', () => {
  const window = new EffectWindow(() => undefined);
  let left = 10;
  const spend = () => {
    left -= 1;
    return left >= 0;
  };
  for (let round = 0; round < 2000; round += 1) {
    window.count(redact({ EMAIL_ADDRESS: 1 }, `method ${round % 200}`));
  }
  const written = window.close(spend);
  expect(written).toHaveLength(10);
  const rest = window.closeApp(APP);
  expect(rest.length).toBeLessThanOrEqual(64);
  const sum = [...written, ...rest].reduce((total, { count }) => total + count, 0);
  expect(sum).toBe(2000);
  expect(window.hasOpen).toBe(false);
});

test('the app sees its own at once and after a restart, and nothing after its wipe', async () => {
  const home = new AuditHome();
  const audit = await home.open();
  audit.effect(redact({ EMAIL_ADDRESS: 1 }));
  const seen = audit.effectsOf(APP, 10);
  expect(seen).toMatchObject([
    { event: 'privacy.redacted', method: 'llm.chat', count: 1, counts: { EMAIL_ADDRESS: 1 } },
  ]);
  expect(audit.effectsOf('acme/other', 10)).toEqual([]);
  await audit.close();
  const again = await home.open();
  expect(again.effectsOf(APP, 10)).toEqual(seen);
  again.decide('app.wiped', APP);
  expect(again.effectsOf(APP, 10)).toEqual([]);
});
