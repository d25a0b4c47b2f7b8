/** States of the US (and those of its forces), provinces of Canada, states of Australia. */
export const STATE_CODES: ReadonlySet<string> = new Set(
  (
    'AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA ' +
    'RI SC SD TN TX UT VT VA WA WV WI WY DC PR AA AE AP AB BC MB NB NL NS NT NU ON PE QC SK YT NSW VIC QLD TAS ACT'
  ).split(' '),
);

/** The last words of the names of countries, in lower case, in which most addresses are written. */
export const COUNTRY_ENDS: ReadonlySet<string> = new Set(
  `usa states us uk kingdom england scotland wales ireland canada australia zealand germany deutschland france spain
  españa italy italia portugal netherlands nederland belgium belgique austria österreich switzerland schweiz suisse
  denmark danmark sweden sverige norway norge finland suomi iceland estonia latvia lithuania poland polska czechia
  republic slovakia slovenia hungary magyarország croatia serbia greece cyprus turkey türkiye brazil brasil uruguay
  argentina chile mexico méxico africa india japan china singapore philippines tunisia greenland`.split(
    /\s+/,
  ),
);

/** Five digits, as in most of Europe; ZIP+4; four or six digits. */
export const POST_CODE =
  /^(?:\d{4,6}|\d{5}-\d{4}|\d{3}-\d{2,4}|\d{2}-\d{3}|[A-Z]\d[A-Z]|[A-Z]{1,2}\d[A-Z\d]?)$/;

/** The second half of a British or Canadian post code. */
export const POST_CODE_END = /^\d[A-Z]{2}$|^\d[A-Z]\d$/;
