import type { IdRule } from '../recognizer.ts';
import { ANY_COUNTRY_RULES } from './any-country.ts';
import { AUSTRALIA_RULES } from './australia.ts';
import { BRAZIL_RULES } from './brazil.ts';
import { CANADA_RULES } from './canada.ts';
import { CHINA_RULES } from './china.ts';
import { FINLAND_RULES } from './finland.ts';
import { FRANCE_RULES } from './france.ts';
import { GERMANY_DOCUMENT_RULES } from './germany-documents.ts';
import { GERMANY_INSURANCE_RULES } from './germany-insurance.ts';
import { GERMANY_TAX_RULES } from './germany-tax.ts';
import { INDIA_RULES } from './india.ts';
import { ITALY_RULES } from './italy.ts';
import { KOREA_RULES } from './korea.ts';
import { LOW_COUNTRIES_RULES } from './low-countries.ts';
import { NIGERIA_RULES } from './nigeria.ts';
import { PHILIPPINES_RULES } from './philippines.ts';
import { POLAND_RULES } from './poland.ts';
import { SINGAPORE_RULES } from './singapore.ts';
import { SOUTH_AFRICA_RULES } from './south-africa.ts';
import { SPAIN_RULES } from './spain.ts';
import { SWEDEN_RULES } from './sweden.ts';
import { SWITZERLAND_RULES } from './switzerland.ts';
import { THAILAND_RULES } from './thailand.ts';
import { TURKEY_RULES } from './turkey.ts';
import { UK_PLACE_RULES } from './uk-places.ts';
import { UK_RULES } from './uk.ts';
import { US_BANK_RULES } from './us-bank.ts';
import { US_DOCUMENT_RULES } from './us-documents.ts';
import { US_HEALTH_RULES } from './us-health.ts';

/** Every identifier that a shape and a proof can tell. */
export const ID_RULES: readonly IdRule[] = [
  ...AUSTRALIA_RULES,
  ...BRAZIL_RULES,
  ...CANADA_RULES,
  ...CHINA_RULES,
  ...FINLAND_RULES,
  ...FRANCE_RULES,
  ...GERMANY_DOCUMENT_RULES,
  ...GERMANY_INSURANCE_RULES,
  ...GERMANY_TAX_RULES,
  ...INDIA_RULES,
  ...ITALY_RULES,
  ...KOREA_RULES,
  ...LOW_COUNTRIES_RULES,
  ...NIGERIA_RULES,
  ...PHILIPPINES_RULES,
  ...POLAND_RULES,
  ...SINGAPORE_RULES,
  ...SOUTH_AFRICA_RULES,
  ...SPAIN_RULES,
  ...SWEDEN_RULES,
  ...SWITZERLAND_RULES,
  ...THAILAND_RULES,
  ...TURKEY_RULES,
  ...UK_RULES,
  ...UK_PLACE_RULES,
  ...US_BANK_RULES,
  ...US_DOCUMENT_RULES,
  ...US_HEALTH_RULES,
  ...ANY_COUNTRY_RULES,
];
