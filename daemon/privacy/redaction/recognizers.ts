import { createIdRecognizer } from './find-ids.ts';
import { creditCardRecognizer } from './core/credit-card.ts';
import { cryptoAddressRecognizer } from './core/crypto-address.ts';
import { dateRecognizer } from './core/date.ts';
import { emailRecognizer } from './core/email.ts';
import { ibanRecognizer } from './core/iban.ts';
import { ipAddressRecognizer } from './core/ip-address.ts';
import { macAddressRecognizer } from './core/mac-address.ts';
import { phoneRecognizer } from './core/phone.ts';
import { urlRecognizer } from './core/url.ts';
import { US_SSN_RULES } from './core/us-ssn.ts';
import type { Recognizer } from './recognizer.ts';

/** Everything that is looked for, unless less is asked for. */
export const RECOGNIZERS: readonly Recognizer[] = [
  createIdRecognizer('ids', [...US_SSN_RULES]),
  creditCardRecognizer,
  cryptoAddressRecognizer,
  dateRecognizer,
  emailRecognizer,
  ibanRecognizer,
  ipAddressRecognizer,
  macAddressRecognizer,
  phoneRecognizer,
  urlRecognizer,
];

export const ENTITIES: ReadonlySet<string> = new Set(
  RECOGNIZERS.flatMap((recognizer) => recognizer.entities),
);
