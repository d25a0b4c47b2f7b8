/** Precedence of two strict semantic versions, as `sort` wants it; build metadata does not count. */
export function compareVersions(left: string, right: string): number {
  const [leftCore, leftPre] = split(left);
  const [rightCore, rightPre] = split(right);
  const core = compareIdentifiers(leftCore.split('.'), rightCore.split('.'));
  if (core !== 0 || leftPre === rightPre) return core;
  // A pre-release comes before its release.
  if (leftPre === '') return 1;
  if (rightPre === '') return -1;
  return compareIdentifiers(leftPre.split('.'), rightPre.split('.'));
}

function split(version: string): [core: string, preRelease: string] {
  const [precedence = ''] = version.split('+');
  const dash = precedence.indexOf('-');
  return dash < 0 ? [precedence, ''] : [precedence.slice(0, dash), precedence.slice(dash + 1)];
}

function compareIdentifiers(left: readonly string[], right: readonly string[]): number {
  for (const [index, identifier] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const order = compareIdentifier(identifier, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareIdentifier(left: string, right: string): number {
  if (left === right) return 0;
  const isLeftNumber = /^\d+$/.test(left);
  const isRightNumber = /^\d+$/.test(right);
  if (isLeftNumber !== isRightNumber) return isLeftNumber ? -1 : 1;
  if (isLeftNumber) return BigInt(left) < BigInt(right) ? -1 : 1;
  return left < right ? -1 : 1;
}
