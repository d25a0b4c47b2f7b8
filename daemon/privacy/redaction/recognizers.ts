import { STREET_ADDRESS } from './address/street-address.ts';
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
import { ID_RULES } from './ids/id-rules.ts';
import { NATIONAL_PHONES } from './ids/national-phones.ts';
import type { Recognizer } from './recognizer.ts';
import { SECRET_RECOGNIZERS } from './secrets/secrets.ts';

/** Everything that is looked for, unless less is asked for. */
export const RECOGNIZERS: readonly Recognizer[] = [
  createIdRecognizer('ids', [...US_SSN_RULES, ...ID_RULES]),
  creditCardRecognizer,
  cryptoAddressRecognizer,
  dateRecognizer,
  emailRecognizer,
  ibanRecognizer,
  ipAddressRecognizer,
  macAddressRecognizer,
  phoneRecognizer,
  urlRecognizer,
  NATIONAL_PHONES,
  STREET_ADDRESS,
  ...SECRET_RECOGNIZERS,
];

export const ENTITIES: ReadonlySet<string> = new Set(
  RECOGNIZERS.flatMap((recognizer) => recognizer.entities),
);
