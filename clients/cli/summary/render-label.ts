import type { Badge } from '@locara/protocol';
import { plain } from '../output.ts';

/** The privacy label: each badge with its reason. */
export function renderLabel(badges: readonly Badge[]): string[] {
  if (badges.length === 0) return [];
  return [
    'Privacy label:',
    ...badges.map(({ label, because }) => `  • ${plain(label)}: ${plain(because)}`),
  ];
}

/** The names alone, for where there is little room; the reasons are in `app show` and `verify`. */
export function renderBadgeNames(badges: readonly Badge[]): string[] {
  if (badges.length === 0) return [];
  return [`Privacy label: ${badges.map(({ label }) => plain(label)).join(', ')}`];
}
