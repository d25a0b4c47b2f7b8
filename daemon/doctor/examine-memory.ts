import type { Finding } from '@locara/protocol';
import type { MemoryStatus } from '../scheduler/engines.ts';

/** How much models may take and take now, how much context that allows, and whether memory is short. */
export function examineMemory(memory: MemoryStatus): Finding[] {
  const { limitBytes, heldBytes, availableBytes, maxContextTokens } = memory;
  return [
    {
      id: 'memory',
      level: 'ok',
      title: `Models may take ${inMegabytes(limitBytes)} of memory together; they hold ${inMegabytes(heldBytes)}, and ${inMegabytes(availableBytes)} could be taken now.`,
      detail:
        'LOCARA_MEMORY_LIMIT_MB lowers the limit. What was not used for longest is unloaded first, what is busy never.',
    },
    {
      id: 'context',
      level: 'ok',
      title: `A model gets at most ${maxContextTokens} tokens of context, the same for every app.`,
      detail:
        'It follows from the size of the memory; a model trained with less, or too large for more, gets less. LOCARA_CONTEXT_TOKENS lowers it.',
    },
    ...examinePressure(memory),
  ];
}

function examinePressure({ pressure }: MemoryStatus): Finding[] {
  if (pressure === 'normal') return [];
  return [
    {
      id: 'memory-pressure',
      level: 'warning',
      title:
        pressure === 'critical'
          ? 'Memory is very short: idle models are unloaded, leased ones too.'
          : 'Memory is short: idle models are unloaded early.',
      fix: 'Close programs that hold much memory.',
    },
  ];
}

/** Whole megabytes with separators: `16,384 MB`. */
function inMegabytes(bytes: number): string {
  return `${Math.floor(bytes / 1e6).toLocaleString('en')} MB`;
}
