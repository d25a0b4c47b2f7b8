import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ID_RULES } from '../../../../daemon/privacy/redaction/ids/id-rules.ts';
import { CHECKED_IDS, type CheckedId } from '../../../support/checked-ids.ts';
import { runIdRules } from '../../../support/id-driver.ts';
import { ID_NEGATIVES } from '../../../support/id-negatives.ts';

const BALANCED = 0.35;
const CHARACTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

function withCheck(compact: string, check: number, character: string): string {
  const at = check < 0 ? compact.length + check : check;
  return compact.slice(0, at) + character + compact.slice(at + 1);
}

/** All ids that differ in the check character alone: those that the rule's check accepts, and the others of its kind. */
function split(checked: CheckedId, compact: string): { valid: string[]; wrong: string[] } {
  const rule = ID_RULES.find(({ id }) => id === checked.rule);
  const all = Array.from(CHARACTERS, (character) =>
    withCheck(compact, checked.check, character),
  ).filter((text) => checked.compact.test(text));
  const isValid = (text: string): boolean => rule?.isValid?.(text) ?? false;
  return { valid: all.filter(isValid), wrong: all.filter((text) => !isValid(text)) };
}

function reasonsIn(text: string): string[] {
  return runIdRules(ID_RULES, text)
    .filter(({ score }) => score >= BALANCED)
    .map(({ reason }) => reason);
}

describe.each(CHECKED_IDS)('$rule', (checked) => {
  const write = checked.written ?? ((compact: string) => compact);

  test('finds any valid id behind a word of its context, whole', () => {
    let tried = 0;
    fc.assert(
      fc.property(fc.stringMatching(checked.compact), (compact) => {
        for (const valid of split(checked, compact).valid) {
          const text = `The ${checked.context}: ${write(valid)}, as agreed.`;
          const found = runIdRules(ID_RULES, text).find(({ reason }) => reason === checked.rule);
          if (/^(.)\1*.$/.test(valid)) continue;
          tried += 1;
          expect(found?.score ?? 0, text).toBeGreaterThanOrEqual(BALANCED);
          expect(text.slice(found?.start, found?.end)).toBe(write(valid));
        }
      }),
      { numRuns: 200 },
    );
    expect(tried).toBeGreaterThan(10);
  });

  test('finds none whose check character was changed', () => {
    fc.assert(
      fc.property(fc.stringMatching(checked.compact), (compact) => {
        const { valid, wrong } = split(checked, compact);
        expect(valid.length).toBeLessThanOrEqual(1);
        for (const other of wrong) {
          expect(reasonsIn(`The ${checked.context}: ${write(other)}, as agreed.`)).not.toContain(
            checked.rule,
          );
        }
      }),
      { numRuns: 50 },
    );
  });
});

test('a Turkish id has both of its check digits', () => {
  expect(reasonsIn('TC kimlik 10000000146')).toContain('tr-national');
  for (const wrong of ['10000000147', '10000000156', '00000000146', '10000000144']) {
    expect(reasonsIn(`TC kimlik ${wrong}`)).not.toContain('tr-national');
  }
});

const WITH_CONTEXT = [
  ['US_PASSPORT', 'Passport No. 123456789'],
  ['BE_NATIONAL_NUMBER', 'Rijksregisternummer 85.07.30-033.28'],
  ['FR_NIR', 'sécurité sociale 2 55 08 14 168 025 38'],
  ['CH_AHV', 'AHV 756.9217.0769.85'],
  ['CN_RESIDENT_ID', '身份证 11010519491231002X'],
  ['NL_BSN', 'BSN 111222333'],
  ['BR_CPF', 'CPF 529.982.247-25'],
  ['US_DRIVER_LICENSE', "Driver's license: D1234567"],
  ['US_DRIVER_LICENSE', 'Florida driver license F255-921-50-094-0'],
  ['US_BANK_NUMBER', 'Please credit account 000123456789'],
  ['US_ITIN', 'My ITIN is 912-70-1234'],
  ['US_MBI', 'Medicare number 1EG4-TE5-MK73'],
  ['DE_PLZ', 'PLZ 10115'],
  ['DE_ID_CARD', 'Personalausweis L01X00T47'],
  ['DE_PASSPORT', 'Reisepass C01X0006H'],
  ['DE_FUEHRERSCHEIN', 'Führerschein B072RRE2I55'],
  ['DE_KFZ', 'Kennzeichen M-AB 1234'],
  ['DE_TAX_NUMBER', 'Steuernummer 2893081508152'],
  ['DE_HANDELSREGISTER', 'Amtsgericht München HRB 12345'],
  ['ES_PASSPORT', 'pasaporte AAA123456'],
  ['IN_PASSPORT', 'passport J8369854'],
  ['IN_PAN', 'PAN ABCPE1234F'],
  ['IN_VOTER', 'Voter ID ABC1234567'],
  ['IN_VEHICLE_REGISTRATION', 'vehicle MH 12 AB 1234'],
  ['IT_DRIVER_LICENSE', 'patente U1A23BC45D'.replace('A', 'B')],
  ['IT_IDENTITY_CARD', "carta d'identità CA12345AB"],
  ['IT_PASSPORT', 'passaporto YA1234567'],
  ['KR_PASSPORT', 'passport M12345678'],
  ['KR_DRIVER_LICENSE', '운전면허 11-22-123456-12'],
  ['NG_VEHICLE_REGISTRATION', 'plate number LSR-123AB'],
  ['PH_TIN', 'TIN 123-456-789-000'],
  ['TR_LICENSE_PLATE', 'plaka 34 ABC 123'],
  ['UK_NINO', 'National Insurance AB 12 34 56 C'],
  ['UK_PASSPORT', 'UK passport AB1234567'],
  ['UK_DRIVING_LICENCE', 'driving licence MORGA657054SM9IJ'],
  ['UK_POSTCODE', 'postcode SW1A 1AA'],
  ['UK_VEHICLE_REGISTRATION', 'my car reg AB51 ABC'],
] as const;

test.each(WITH_CONTEXT)('%s is found in "%s"', (entity, text) => {
  const found = runIdRules(ID_RULES, text).filter(({ score }) => score >= BALANCED);
  expect(found.map((candidate) => candidate.entity)).toContain(entity);
});

const NEVER_BARE = [
  'US_PASSPORT',
  'US_DRIVER_LICENSE',
  'US_BANK_NUMBER',
  'DE_PLZ',
  'DE_BSNR',
  'IN_PASSPORT',
  'IT_PASSPORT',
  'UK_PASSPORT',
];

test('licences, passports, accounts and post codes are nothing at all without their context', () => {
  for (const text of [
    'A1234567',
    'D12345678',
    '123456789',
    '12345678',
    'AB1234567',
    '10115',
    'ref X12345678 of public',
  ]) {
    const entities = runIdRules(ID_RULES, text).map(({ entity }) => entity);
    expect(entities.filter((entity) => NEVER_BARE.includes(entity))).toEqual([]);
  }
});

test.each(ID_NEGATIVES)('"%s" has no id', (text) => {
  expect(reasonsIn(text)).toEqual([]);
});

test('less than one number in a hundred is taken for an id where nothing says so', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[1-9]\d{7,12}$/), { minLength: 1000, maxLength: 1000 }),
      (numbers) => {
        const found = numbers.filter((number) => reasonsIn(`no. ${number}`).length > 0);
        expect(found.length).toBeLessThan(10);
      },
    ),
    { numRuns: 3, seed: 7 },
  );
});

test('every rule has its own name, context, and a sticky shape', () => {
  expect(new Set(ID_RULES.map(({ id }) => id)).size).toBe(ID_RULES.length);
  for (const { id, shape, context, first } of ID_RULES) {
    expect(shape.sticky && !shape.global, id).toBe(true);
    expect(context?.length ?? 0, id).toBeGreaterThan(0);
    expect(
      context?.every((word) => word === word.toLowerCase()),
      id,
    ).toBe(true);
    expect(
      first.every((signature) => /^(?:[ad]\d{1,2})+$/.test(signature)),
      id,
    ).toBe(true);
  }
});
