import { isOneCharacter } from '../checksums/digits.ts';
import { isVerhoeff } from '../checksums/verhoeff.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { capitals, grouped, unbroken } from './shapes.ts';

const VEHICLE_CONTEXT = ['plate', 'plates', 'vehicle', 'registration', 'car'];

export const NIGERIA_RULES: readonly IdRule[] = [
  {
    id: 'ng-nin',
    entity: 'NG_NIN',
    first: ['d11'],
    shape: unbroken('\\d{11}'),
    score: SCORES.checked,
    isValid: (digits) => isVerhoeff(digits) && !isOneCharacter(digits),
    context: ['nin', 'nimc', 'nigeria', 'nigerian'],
  },
  {
    id: 'ng-plate-grouped',
    entity: 'NG_VEHICLE_REGISTRATION',
    first: ['a3'],
    shape: grouped('[A-Z]{3}-\\d{3}[A-Z]{2}'),
    score: SCORES.likely,
    context: VEHICLE_CONTEXT,
  },
  {
    id: 'ng-plate',
    entity: 'NG_VEHICLE_REGISTRATION',
    first: ['a3', 'a3d3a2'],
    shape: capitals('[A-Z]{3}[- ]?\\d{3} ?[A-Z]{2}'),
    score: SCORES.checked,
    context: VEHICLE_CONTEXT,
  },
];
