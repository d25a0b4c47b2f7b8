import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as exported from '@locara/client';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { started } from '../../../support/client-run.ts';

const ROOM = join(import.meta.dirname, '../../../../clients/typescript');
const page = readFileSync(join(ROOM, 'localmode.md'), 'utf8');

/** The names in code of the first cell of each row: the exported one, and a member or option of it. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\| (-|There |Pattern )/.test(line))
  .map((line) => /^\|(?:\\\||[^|])*/.exec(line)?.[0] ?? '')
  .map((cell) => [...cell.matchAll(/`([A-Za-z]\w*)/g)].map(([, name = '']) => name));
const patterns = new Set(['email', 'phone', 'ssn', 'creditCard', 'ip', 'address']);
const named = rows.filter(([first = '']) => !patterns.has(first));

/** Every name that the room's entrance exports, types too. */
function listExports(): string[] {
  const path = join(ROOM, 'localmode/index.ts');
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest);
  const names: string[] = [];
  for (const statement of source.statements) {
    if (ts.isExportDeclaration(statement) && statement.exportClause !== undefined) {
      if (!ts.isNamedExports(statement.exportClause)) throw new Error('an export without names');
      names.push(...statement.exportClause.elements.map(({ name }) => name.text));
    }
    if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations) {
        if (ts.isObjectBindingPattern(name)) {
          names.push(...name.elements.map((element) => element.name.getText(source)));
        }
      }
    }
  }
  return names;
}

describe('the table of names', () => {
  const exports = listExports();

  test('has every name that is exported', () => {
    const first = new Set(named.map(([name]) => name));
    expect(exports.length).toBeGreaterThan(50);
    expect(exports.filter((name) => !first.has(name))).toEqual([]);
  });

  test('has none that is not', () => {
    const unknown = named.map(([name = '']) => name).filter((name) => !exports.includes(name));
    expect(unknown).toEqual([]);
    const values = exports.filter((name) => name in exported);
    expect(values).toEqual(expect.arrayContaining(['encrypt', 'Keystore', 'addNoise']));
  });

  test('has every method of a keystore and of a budget, and no other', async () => {
    const members = (owner: string) =>
      named.filter(([name, member]) => name === owner && member !== undefined);
    const inTable = (owner: string) => members(owner).map(([, member]) => member);
    const { Keystore } = exported;
    const methods = [...Object.getOwnPropertyNames(Keystore.prototype), 'isSupported'];
    const wanted = methods.filter((name) => name !== 'constructor');
    expect(inTable('Keystore').toSorted()).toEqual(wanted.toSorted());
    await using run = await started({ 'privacy.budget.create': () => budgetState });
    const budget = await exported.createLocalMode(run.client).createPrivacyBudget();
    const functions = Object.keys(budget).filter((name) => name !== 'name');
    expect(inTable('PrivacyBudget').toSorted()).toEqual(functions.toSorted());
  });

  test("has every option, field and default of LocalMode's page", () => {
    const words = new Set([...page.matchAll(/[A-Za-z]\w*/g)].map(([word]) => word));
    expect(PAGE.filter((word) => !words.has(word))).toEqual([]);
  });
});

const budgetState = {
  ...{ budget: 'default', delta: 1e-5, spent: { rho: 0, epsilon: 0 } },
  ...{ isExhausted: false, charges: 0, onExhausted: 'block' },
};

/** What LocalMode's security page names. */
const PAGE = [
  ...'encrypt decrypt decryptString encryptVector decryptVector encryptJSON decryptJSON'.split(' '),
  ...'ciphertext iv salt algorithm version deriveEncryptionKey deriveKey password'.split(' '),
  ...'iterations hashPassphrase verifyPassphrase createKeystore Keystore isSupported'.split(' '),
  ...'initialize unlock lock isUnlocked getPassphrase getIterations getMetadata'.split(' '),
  ...'hasEncryption changePassphrase disable delete KeyMetadata dbName passphraseHash'.split(' '),
  ...'createdAt lastUsedAt enabled wrapEmbeddingModel encryptionMiddleware embed model'.split(' '),
  ...'value embedding redactPII patterns replacement custom name regex email phone'.split(' '),
  ...'ssn creditCard ip address piiRedactionMiddleware isCryptoSupported'.split(' '),
  ...'isCrossOriginIsolated dpEmbeddingMiddleware epsilon delta mechanism gaussian'.split(' '),
  ...'laplacian createPrivacyBudget maxEpsilon persistKey onExhausted block'.split(' '),
  ...'PrivacyBudgetExhaustedError remaining isExhausted randomizedResponse labels'.split(' '),
  ...'dpClassificationMiddleware gaussianNoise laplacianNoise addNoise middleware'.split(' '),
  ...'composeEmbeddingMiddleware emails phones loggingMiddleware logger modelId'.split(' '),
  ...'inputCount Content Security Policy Cross Origin Opener Embedder'.split(' '),
];
