/** Ids of one rule, of which all but the check character may be random. */
export interface CheckedId {
  readonly rule: string;
  /** Of ids without separators; the check character may be any. */
  readonly compact: RegExp;
  /** Place of the check character; from the end when negative. */
  readonly check: number;
  /** A word before it. */
  readonly context: string;
  /** With the separators that people write. */
  readonly written?: (compact: string) => string;
}

function group(separator: string, ...lengths: readonly number[]): (compact: string) => string {
  return (compact) => {
    let at = 0;
    return lengths.map((length) => compact.slice(at, (at += length))).join(separator);
  };
}

export const CHECKED_IDS: readonly CheckedId[] = [
  { rule: 'us-npi', compact: /^[12]\d{9}$/, check: -1, context: 'NPI' },
  {
    rule: 'us-npi-grouped',
    compact: /^[12]\d{9}$/,
    check: -1,
    context: 'provider',
    written: group('-', 4, 3, 3),
  },
  { rule: 'us-dea', compact: /^[A-HJ-M][A-Z]\d{7}$/, check: -1, context: 'DEA' },
  {
    rule: 'us-aba',
    compact: /^(0[1-9]|1[0-2]|2[1-9]|3[0-2])\d{7}$/,
    check: -1,
    context: 'routing',
  },
  { rule: 'au-abn', compact: /^[1-9]\d{10}$/, check: -1, context: 'ABN' },
  {
    rule: 'au-abn-grouped',
    compact: /^[1-9]\d{10}$/,
    check: -1,
    context: 'ABN',
    written: group(' ', 2, 3, 3, 3),
  },
  { rule: 'au-acn', compact: /^\d{9}$/, check: -1, context: 'ACN', written: group(' ', 3, 3, 3) },
  { rule: 'au-tfn', compact: /^\d{9}$/, check: -1, context: 'TFN' },
  {
    rule: 'au-medicare-grouped',
    compact: /^[2-6]\d{9}$/,
    check: 8,
    context: 'Medicare',
    written: group(' ', 4, 5, 1),
  },
  {
    rule: 'ca-sin',
    compact: /^[1-79]\d{8}$/,
    check: -1,
    context: 'SIN',
    written: group('-', 3, 3, 3),
  },
  {
    rule: 'de-tax-id',
    compact: /^[1-9]\d{10}$/,
    check: -1,
    context: 'IdNr',
    written: group(' ', 2, 3, 3, 3),
  },
  { rule: 'de-vat-id', compact: /^DE[1-9]\d{8}$/, check: -1, context: 'USt' },
  {
    rule: 'de-pension-number',
    compact: /^\d{2}(0[1-9]|[12]\d)(0[1-9]|1[0-2])\d{2}[A-Z]\d{3}$/,
    check: -1,
    context: 'RVNR',
  },
  { rule: 'de-health-number', compact: /^[A-Z]\d{9}$/, check: -1, context: 'KVNR' },
  { rule: 'de-doctor-number', compact: /^\d{9}$/, check: 6, context: 'LANR' },
  {
    rule: 'de-id-card-checked',
    compact: /^[LMNPRTVWXYZ][\dCFGHJK]{8}\d$/,
    check: -1,
    context: 'Personalausweis',
  },
  {
    rule: 'de-passport-checked',
    compact: /^[CFGHJK][\dCFGHJK]{8}\d$/,
    check: -1,
    context: 'Reisepass',
  },
  { rule: 'es-nif', compact: /^\d{8}[A-Z]$/, check: -1, context: 'DNI' },
  { rule: 'es-nie', compact: /^[XYZ]\d{7}[A-Z]$/, check: -1, context: 'NIE' },
  {
    rule: 'fi-personal-code',
    compact: /^(0[1-9]|1\d|2[0-8])(0[1-9]|1[0-2])\d{2}[A-F][1-8]\d\d[0-9A-Z]$/,
    check: -1,
    context: 'hetu',
  },
  {
    rule: 'in-aadhaar',
    compact: /^[2-9]\d{11}$/,
    check: -1,
    context: 'Aadhaar',
    written: group(' ', 4, 4, 4),
  },
  {
    rule: 'in-gstin',
    compact: /^(0[1-9]|[12]\d)[A-Z]{5}\d{4}[A-Z][1-9]Z[A-Z0-9]$/,
    check: -1,
    context: 'GSTIN',
  },
  {
    rule: 'it-fiscal-code',
    compact: /^[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]$/,
    check: -1,
    context: 'fiscale',
  },
  { rule: 'it-vat', compact: /^[1-9]\d{6}0[1-9]\d{2}$/, check: -1, context: 'IVA' },
  {
    rule: 'kr-rrn-checked',
    compact: /^\d{2}(0[1-9]|1[0-2])(0[1-9]|1\d|2[0-8])[1-4]\d{6}$/,
    check: -1,
    context: 'RRN',
    written: group('-', 6, 7),
  },
  {
    rule: 'kr-frn-checked',
    compact: /^\d{2}(0[1-9]|1[0-2])(0[1-9]|1\d|2[0-8])[5-8]\d{6}$/,
    check: -1,
    context: 'FRN',
    written: group('-', 6, 7),
  },
  {
    rule: 'kr-brn-grouped',
    compact: /^[1-9]\d{9}$/,
    check: -1,
    context: 'BRN',
    written: group('-', 3, 2, 5),
  },
  { rule: 'ng-nin', compact: /^\d{11}$/, check: -1, context: 'NIN' },
  {
    rule: 'pl-pesel',
    compact: /^\d{2}(0[1-9]|1[0-2]|2[1-9]|3[0-2])(0[1-9]|1\d|2[0-8])\d{5}$/,
    check: -1,
    context: 'PESEL',
  },
  {
    rule: 'se-personal-grouped',
    compact: /^\d{2}(0[1-9]|1[0-2])(0[1-9]|1\d|2[0-8])\d{4}$/,
    check: -1,
    context: 'personnummer',
    written: group('-', 6, 4),
  },
  {
    rule: 'se-organisation-grouped',
    compact: /^[1-9]\d[2-9]\d{7}$/,
    check: -1,
    context: 'orgnr',
    written: group('-', 6, 4),
  },
  { rule: 'sg-nric', compact: /^[STFGM]\d{7}[A-Z]$/, check: -1, context: 'NRIC' },
  { rule: 'sg-uen', compact: /^\d{8}[A-Z]$/, check: -1, context: 'UEN' },
  { rule: 'th-national', compact: /^[1-8]1\d{11}$/, check: -1, context: 'Thai' },
  {
    rule: 'th-national-grouped',
    compact: /^[1-8]\d{12}$/,
    check: -1,
    context: 'Thai',
    written: group('-', 1, 4, 5, 2, 1),
  },
  {
    rule: 'uk-nhs',
    compact: /^[1-9]\d{9}$/,
    check: -1,
    context: 'NHS',
    written: group(' ', 3, 3, 4),
  },
  {
    rule: 'za-identity',
    compact: /^\d{2}(0[1-9]|1[0-2])(0[1-9]|1\d|2[0-8])\d{4}[01]8\d$/,
    check: -1,
    context: 'ID',
  },
];
