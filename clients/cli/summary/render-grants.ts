import type { ConsentSummary } from '@locara/protocol';
import { plain } from '../output.ts';

/** The capabilities that an app gets when it is installed, and those that it may ask for later. */
export function renderGrants(grants: ConsentSummary['grants']): string[] {
  const firm = grants.filter(({ optional }) => !optional);
  const later = grants.filter(({ optional }) => optional);
  const items = (chosen: typeof grants): string[] =>
    chosen.map(({ capability, sentence }) => `  • ${plain(sentence)} (${plain(capability)})`);
  return [
    firm.length === 0 ? 'It asks for no capability.' : 'It may:',
    ...items(firm),
    ...(later.length === 0 ? [] : ['It may ask you later whether it may:', ...items(later)]),
  ];
}
