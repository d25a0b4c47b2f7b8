import { RpcError } from '@locara/protocol/errors';
import type { Engine } from '../../workers/engine.ts';
import type { RedactionOps } from './redaction-ops.ts';
import { createRedact } from './replacement/redact-texts.ts';

export function createRedactionOps(): Engine<RedactionOps> {
  const detect = (): never => {
    throw new RpcError('Unavailable', 'Redaction is not there yet.');
  };
  return { detect, redact: createRedact(detect) };
}
