import {
  type AppManifest,
  type Capability,
  MODALITIES,
  MODALITY_CAPABILITY,
  parseModelPin,
} from '@locara/protocol';
import type { ExplainedCheck } from './explain-capability.ts';

/** What is known of the model that a pin names. */
export interface ExplainedModel {
  readonly task: string;
  readonly installed: boolean;
}

/** Undefined when the catalog has no model of exactly that pin. */
export type FindExplainedModel = (pin: string) => ExplainedModel | undefined;

/**
 * Whether the model that a call without `model` takes is there: the first fitting one of those that
 * `manifest`, as far as it is approved, pins. Nothing for a capability that needs no model.
 */
export function explainModel(
  capability: Capability,
  manifest: Pick<AppManifest, 'models'>,
  findModel: FindExplainedModel,
): ExplainedCheck[] {
  const tasks = MODALITIES.filter((modality) => MODALITY_CAPABILITY[modality] === capability);
  if (tasks.length === 0) return [];
  const fits = (model: ExplainedModel | undefined) => tasks.some((task) => task === model?.task);
  const pin = manifest.models.find((candidate) => fits(findModel(candidate)));
  if (pin === undefined) {
    return [
      {
        check: 'model',
        holds: false,
        sentence: `Its manifest pins no model for ${tasks.join(' or ')} that you agreed to.`,
        remedy:
          'Only its author can change that, by an update whose locara.json pins one (models).',
      },
    ];
  }
  const { id } = parseModelPin(pin);
  if (findModel(pin)?.installed === true) {
    return [{ check: 'model', holds: true, sentence: `The model ${id} is on this computer.` }];
  }
  return [
    {
      check: 'model',
      holds: false,
      sentence: `The model ${id} is not on this computer.`,
      remedy: `locara model pull ${id}`,
    },
  ];
}
