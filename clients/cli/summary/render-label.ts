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
