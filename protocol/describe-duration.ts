const MINUTE_MS = 60_000;
const UNITS = [
  ['day', 24 * 60],
  ['hour', 60],
  ['minute', 1],
] as const;

/** A time to wait in words, the two largest units of it, rounded up: “5 days 3 hours”. */
export function describeDuration(ms: number): string {
  const minutes = Math.ceil(Math.max(ms, 0) / MINUTE_MS);
  const first = UNITS.findIndex(([, size]) => minutes >= size);
  if (first === -1) return '0 minutes';
  const smallest = UNITS[Math.min(first + 1, UNITS.length - 1)]?.[1] ?? 1;
  let rest = Math.ceil(minutes / smallest) * smallest;
  const words: string[] = [];
  for (const [unit, size] of UNITS) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount > 0) words.push(`${amount} ${unit}${amount === 1 ? '' : 's'}`);
  }
  return words.join(' ');
}
