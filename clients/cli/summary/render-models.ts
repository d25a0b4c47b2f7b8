import type { ConsentSummary } from '@locara/protocol';
import { formatBytes, plain } from '../output.ts';

/** The pinned models, and how much is still to be fetched. */
export function renderModels(models: ConsentSummary['models']): string[] {
  if (models.length === 0) return [];
  const items = models.map(({ model, bytes, installed }) => {
    const state = installed ? 'installed' : 'not installed yet';
    return `  • ${plain(shortenPin(model))} (${formatBytes(bytes)}, ${state})`;
  });
  return ['It uses these models:', ...items];
}

/** A pin with the start of its digest: enough to tell two apart. */
function shortenPin(pin: string): string {
  return pin.replace(/(@sha256:[0-9a-f]{12})[0-9a-f]+$/, '$1…');
}
