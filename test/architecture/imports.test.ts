import { describe, expect, test } from 'vitest';
import { IMPORT_RULES, findImportViolations, findTrespasses } from './import-rules.ts';
import { listImports, readSources, type Source } from './sources.ts';
import { TEXT_RULES, findBannedNames, findMisnamed, findTextViolations } from './text-rules.ts';

const sources = readSources();

describe.each(IMPORT_RULES)('$name', (rule) => {
  test('holds', () => {
    expect(findImportViolations(rule, sources)).toEqual([]);
  });

  test('would be seen broken', () => {
    expect(findImportViolations(rule, [rule.violation])).toHaveLength(1);
  });
});

describe.each(TEXT_RULES)('$name', (rule) => {
  test('holds', () => {
    expect(findTextViolations(rule, sources)).toEqual([]);
  });

  test('would be seen broken', () => {
    expect(findTextViolations(rule, [rule.violation])).toHaveLength(1);
  });
});

describe('packages meet at their entrances, not at inner files', () => {
  test('holds', () => {
    expect(findTrespasses(sources)).toEqual([]);
  });

  test('would be seen broken', () => {
    const text = "import { RpcError } from '../../protocol/errors.ts';";
    expect(findTrespasses([{ path: 'daemon/rpc/dispatcher.ts', text }])).toHaveLength(1);
  });
});

describe('names', () => {
  const named = (path: string): Source => ({ path, text: '' });

  test('avoid words that say nothing', () => {
    expect(findBannedNames(sources)).toEqual([]);
  });

  test('are kebab-case', () => {
    expect(findMisnamed(sources)).toEqual([]);
  });

  test.each(['daemon/utils/time.ts', 'daemon/access/grant-manager.ts', 'daemon/models/info.ts'])(
    'would not be %s',
    (path) => {
      expect(findBannedNames([named(path)])).toEqual([path]);
    },
  );

  test.each(['daemon/accessControl.ts', 'daemon/Log.ts', 'daemon/app_store.ts'])(
    'would not be %s',
    (path) => {
      expect(findMisnamed([named(path)])).toEqual([path]);
    },
  );
});

describe('the walk over the sources', () => {
  test('finds every package', () => {
    const folders = new Set(sources.map(({ path }) => path.split('/').slice(0, -1).join('/')));
    expect([...folders]).toEqual(
      expect.arrayContaining(['protocol', 'protocol/methods', 'daemon', 'clients/cli']),
    );
  });

  test('sees every way to import', () => {
    const text = [
      "import type { A } from './a.ts';",
      "export * from './b.ts';",
      "const c = await import('@scope/c/inner.js');",
      "const d = require('node:fs');",
      "import '@locara/protocol';",
      "// import './comment.ts'",
    ].join('\n');
    const imports = listImports({ path: 'daemon/x/y.ts', text });
    expect(imports.map(({ target, isTypeOnly }) => [target, isTypeOnly])).toEqual([
      ['daemon/x/a.ts', true],
      ['daemon/x/b.ts', false],
      ['@scope/c', false],
      ['node:fs', false],
      ['protocol/index.ts', false],
    ]);
  });
});
