/** The SPDX identifiers of the licences that the Open Source Initiative approved. */
declare module 'spdx-osi' {
  const identifiers: readonly string[];
  export = identifiers;
}
