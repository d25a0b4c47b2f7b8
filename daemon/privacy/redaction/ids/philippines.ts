import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { grouped, unbroken } from './shapes.ts';

const TIN_CONTEXT = ['tin', 'bir', 'taxpayer', 'tax', 'rdo'];

/** Taxpayer identification number: nine digits, and three or five of the branch. */
export const PHILIPPINES_RULES: readonly IdRule[] = [
  {
    id: 'ph-tin-grouped',
    entity: 'PH_TIN',
    first: ['d3'],
    shape: grouped('\\d{3}([- ])\\d{3}\\1\\d{3}\\1\\d{3}(?:\\d{2})?'),
    score: SCORES.loose,
    context: TIN_CONTEXT,
  },
  {
    id: 'ph-tin',
    entity: 'PH_TIN',
    first: ['d9', 'd12', 'd14', 'd3'],
    shape: unbroken('\\d{9}|\\d{12}(?:\\d{2})?|\\d{3}-\\d{3}-\\d{3}'),
    score: SCORES.vague,
    context: ['tin', 'bir'],
    needsContext: true,
  },
];
