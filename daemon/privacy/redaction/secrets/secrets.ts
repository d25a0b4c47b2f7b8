import type { Recognizer } from '../recognizer.ts';
import { ASSIGNMENTS } from './assignments.ts';
import { JWT } from './jwt.ts';
import { PRIVATE_KEYS } from './private-keys.ts';
import { TOKENS } from './tokens.ts';
import { URL_CREDENTIALS } from './url-credentials.ts';

/** Everything that opens a door: entities `API_KEY`, `JWT`, `PRIVATE_KEY` and `CREDENTIAL`. */
export const SECRET_RECOGNIZERS: readonly Recognizer[] = [
  TOKENS,
  JWT,
  PRIVATE_KEYS,
  URL_CREDENTIALS,
  ASSIGNMENTS,
];
