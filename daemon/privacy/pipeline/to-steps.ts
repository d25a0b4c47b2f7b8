import type { ChatPipeline, Pipeline, UpsertPipeline } from '@locara/protocol';

type Step = Pipeline[number] | ChatPipeline[number] | UpsertPipeline[number];
type KeysOf<S> = S extends unknown ? keyof S : never;
type Merged<S extends Step> = { [K in KeysOf<S>]?: Extract<S, Record<K, unknown>>[K] };

/** The steps of a pipeline as one object; their order is the same for all. */
export function toSteps<S extends Step>(pipeline: readonly S[] | undefined): Merged<S> {
  return Object.assign({}, ...(pipeline ?? [])) as Merged<S>;
}
