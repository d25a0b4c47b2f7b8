import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { grouped } from './shapes.ts';

/** NIR: sex, year and month of birth, department, commune, number, and 97 less the remainder of it all. */
function isNir(compact: string): boolean {
  const number = compact.slice(0, 13).replace('2A', '19').replace('2B', '18');
  return 97 - (Number(number) % 97) === Number(compact.slice(13));
}

export const FRANCE_RULES: readonly IdRule[] = [
  {
    id: 'fr-nir',
    entity: 'FR_NIR',
    first: ['d1', 'd15', 'd6a1d8'],
    shape: grouped(
      '[12]([ .]?)\\d{2}\\1(?:0[1-9]|1[0-2]|[2-4]\\d|50|[5-9]\\d)\\1(?:\\d{2}|2[AB])\\1\\d{3}\\1\\d{3}[ ./]?\\d{2}',
    ),
    score: SCORES.sound,
    isValid: isNir,
    context: ['sécurité sociale', 'nir', 'insee', 'vitale', 'numéro sécu', 'sécu'],
  },
];
