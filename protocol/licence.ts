import * as z from 'zod';
import parseSpdx from 'spdx-expression-parse';
import osiApproved from 'spdx-osi' with { type: 'json' };

type Expression = ReturnType<typeof parseSpdx>;

const MAX_LENGTH = 128;

/** The licences that an SPDX expression names, each alternative of it; undefined when it is none. */
function parseLicences(expression: string): readonly string[] | undefined {
  if (expression.length > MAX_LENGTH || expression !== expression.trim()) return undefined;
  try {
    return listLicences(parseSpdx(expression));
  } catch {
    return undefined;
  }
}

function listLicences(expression: Expression): string[] {
  return 'license' in expression
    ? [expression.license]
    : [...listLicences(expression.left), ...listLicences(expression.right)];
}

/** An SPDX licence expression. */
export const Licence = z
  .string()
  .max(MAX_LENGTH)
  .refine(
    (expression) => parseLicences(expression) !== undefined,
    'an SPDX licence expression, as Apache-2.0, MIT OR ISC, or LicenseRef-<name> for any other licence',
  );

/** True when the Open Source Initiative approved every licence that the expression names. */
export function isOpenSource(expression: string): boolean {
  const licences = parseLicences(expression);
  return licences?.every((licence) => osiApproved.includes(licence)) === true;
}
