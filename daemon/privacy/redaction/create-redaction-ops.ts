import { RpcError } from '@locara/protocol/errors';
import type { Engine } from '../../workers/engine.ts';
import type { RedactionOps } from './redaction-ops.ts';

export function createRedactionOps(): Engine<RedactionOps> {
  const notThere = (): never => {
    throw new RpcError('Unavailable', 'Redaction is not there yet.');
  };
  return { detect: notThere, redact: notThere };
}
