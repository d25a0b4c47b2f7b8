import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { unbroken } from './shapes.ts';

const LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE';

/** The last letter is the number modulo 23; X, Y and Z in front count 0, 1 and 2. */
function isControlled(compact: string): boolean {
  const digits = compact.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)));
  return LETTERS[Number(digits) % 23] === compact.at(-1);
}

export const SPAIN_RULES: readonly IdRule[] = [
  {
    id: 'es-nif',
    entity: 'ES_NIF',
    first: ['d8a1', 'd8'],
    shape: unbroken('\\d{8}-?[A-Z]'),
    score: SCORES.sound,
    isValid: isControlled,
    context: ['dni', 'nif', 'documento', 'identidad', 'identificación'],
  },
  {
    id: 'es-nie',
    entity: 'ES_NIE',
    first: ['a1d7a1', 'a1', 'a1d7'],
    shape: unbroken('[XYZ]-?\\d{7}-?[A-Z]'),
    score: SCORES.certain,
    isValid: isControlled,
    context: ['nie', 'extranjero', 'identificación'],
  },
  {
    id: 'es-passport',
    entity: 'ES_PASSPORT',
    first: ['a3d6'],
    shape: unbroken('[A-Z]{3}\\d{6}'),
    score: SCORES.loose,
    context: ['pasaporte', 'pasaportes', 'passport', 'passports'],
  },
];
