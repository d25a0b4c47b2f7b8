import { type ExamineDeps, examine } from '../../doctor/examine.ts';
import type { ControlHandlers } from '../../rpc/control-handler.ts';

export function doctorHandlers(deps: ExamineDeps): ControlHandlers<'doctor'> {
  return { 'doctor.examine': async () => ({ findings: await examine(deps) }) };
}
