import * as z from 'zod';

// What a URL parser takes for an IPv4 address: decimal, octal or hexadecimal at the end.
const ENDS_IN_A_NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Names of this computer: they reach its other programs, not the network. */
function isLoopback(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}

function isHostPattern(pattern: string): boolean {
  const name = pattern.startsWith('*.') ? pattern.slice(2) : pattern;
  return (
    name.split('.').every((label) => LABEL.test(label)) &&
    !ENDS_IN_A_NUMBER.test(name) &&
    !isLoopback(name)
  );
}

/** One host by its name, or every host below a name; in one spelling, so that two can be compared. */
export const HostPattern = z
  .string()
  .max(253)
  .refine(
    isHostPattern,
    'a host name in lower case, as api.example.org, or *.example.org; no address, port, localhost or dot at the end; international names in punycode',
  );

/** `*` is every host, `*.example.org` every host below that name, and not that name itself. */
export function coversHost(pattern: string, host: string): boolean {
  if (pattern === '*' || pattern === host) return true;
  return pattern.startsWith('*.') && host !== '*' && host.endsWith(pattern.slice(1));
}
