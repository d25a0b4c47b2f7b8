import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AuditLog } from '../../../daemon/audit/audit.ts';
import { AuditHome } from '../../support/audit-home.ts';

const LIMITS = { segmentBytes: 900, maxSegments: 4 };

type Step = 'decide' | 'use' | 'restart' | 'kill while writing' | 'kill before the checkpoint';

const steps = fc.array(
  fc.tuple(
    fc.constantFrom<Step>(
      'decide',
      'decide',
      'use',
      'restart',
      'kill while writing',
      'kill before the checkpoint',
    ),
    fc.nat(1000),
  ),
  { minLength: 1, maxLength: 25 },
);

/** The numbers of the decisions that the log holds, in order. */
function decisionsOf(home: AuditHome): number[] {
  return home
    .lines()
    .map((line) => JSON.parse(line) as { event: string; fields: { id: number } })
    .filter(({ event }) => event === 'trust.added')
    .map(({ fields }) => fields.id);
}

/**
 * The disk as a kill leaves it inside the next append: the checkpoint is the old one, and of the log's new
 * bytes a part is there, or all of them.
 */
async function killInside(
  home: AuditHome,
  audit: AuditLog,
  part: number,
  id: number,
): Promise<void> {
  const checkpoint = readFileSync(home.paths.auditCheckpoint);
  const sizes = new Map(home.segments().map((path) => [path, readFileSync(path).length]));
  audit.decide('trust.added', undefined, { id });
  await audit.settle();
  const written = home.segments().at(-1) ?? '';
  const before = sizes.get(written) ?? 0;
  const after = readFileSync(written).length;
  truncateSync(written, before + Math.floor((after - before) * part));
  writeFileSync(home.paths.auditCheckpoint, checkpoint);
  writeFileSync(`${home.paths.auditCheckpoint}.0123456789ab.tmp`, 'staged');
}

test('whatever is written and wherever it is killed: the log holds, and nothing acknowledged is lost', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const home = new AuditHome();
      // Retention would drop what was acknowledged: that is another test's.
      const limits = { ...LIMITS, maxSegments: 1000 };
      let audit = await home.open({ limits });
      const acknowledged: number[] = [];
      for (const [index, [step, number]] of script.entries()) {
        if (step === 'decide') {
          audit.decide('trust.added', undefined, { id: index });
          await audit.settle();
          acknowledged.push(index);
        } else if (step === 'use') {
          audit.use({ appId: 'acme/notes', capability: 'llm:generate', method: String(number) });
        } else {
          if (step === 'restart') await audit.close();
          else await killInside(home, audit, step === 'kill while writing' ? number / 1001 : 1, -1);
          audit = await home.open({ limits });
        }
        expect(await audit.verify()).toMatchObject({ ok: true });
      }
      expect(decisionsOf(home)).toEqual(acknowledged);
      rmSync(home.root, { recursive: true });
    }),
    { numRuns: 30 },
  );
});

test('any change of one byte of any segment, or of the checkpoint, is noticed', async () => {
  const home = new AuditHome();
  const audit = await home.open({ limits: LIMITS });
  for (let id = 0; id < 12; id += 1) {
    audit.use({ appId: 'acme/notes', capability: 'store:read', method: 'h\u00e9\ufffd' });
    audit.decide('trust.added', undefined, { id, label: '\ufffd\u00e9' });
    await audit.settle();
  }
  await audit.close();
  const files = [...home.segments(), home.paths.auditCheckpoint];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (path, at, flip) => {
        const kept = `${home.root}/kept`;
        copyFileSync(path, kept);
        const bytes = readFileSync(path);
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ flip;
        writeFileSync(path, bytes);
        const { ok } = await audit.verify();
        copyFileSync(kept, path);
        expect(ok).toBe(false);
      },
    ),
    { numRuns: 400 },
  );
  expect(await audit.verify()).toMatchObject({ ok: true });
});

test('any cut or growth of any file is noticed', async () => {
  const home = new AuditHome();
  const audit = await home.open({ limits: LIMITS });
  for (let id = 0; id < 12; id += 1) {
    audit.decide('trust.added', undefined, { id });
    await audit.settle();
  }
  const files = [...home.segments(), home.paths.auditCheckpoint];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.nat(),
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      async (path, at, more) => {
        const bytes = readFileSync(path);
        const isCut = at % 2 === 0;
        writeFileSync(
          path,
          isCut ? bytes.subarray(0, at % bytes.length) : Buffer.concat([bytes, more]),
        );
        const { ok } = await audit.verify();
        writeFileSync(path, bytes);
        expect(ok).toBe(false);
      },
    ),
    { numRuns: 150 },
  );
});
