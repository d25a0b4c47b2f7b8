import { isLuhn } from '../checksums/luhn.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { grouped } from './shapes.ts';

/** Social Insurance Number: 0 is not given out, and 8 is for businesses. */
export const CANADA_RULES: readonly IdRule[] = [
  {
    id: 'ca-sin',
    entity: 'CA_SIN',
    first: ['d9', 'd3'],
    shape: grouped('[1-79]\\d{2}([- ]?)\\d{3}\\1\\d{3}'),
    score: SCORES.checked,
    isValid: isLuhn,
    context: ['sin', 'sins', 'insurance', 'canada', 'canadian', 'nas', 'assurance'],
  },
];
