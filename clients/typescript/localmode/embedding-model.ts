import type { EmbeddingMiddleware, EmbeddingSteps } from './middleware.ts';

/** An embedding model of the app, and what is done with what goes in and comes out. */
export interface EmbeddingModel<Encrypts extends boolean = boolean> {
  /** As the manifest pins it; the first fitting one when left out. */
  readonly modelId?: string | undefined;
  readonly steps?: EmbeddingSteps;
  readonly encrypts?: Encrypts;
}

/** A model to wrap: by its id, or one that is wrapped already. */
export type BaseModel = string | EmbeddingModel;

/** Whether one of the middlewares encrypts; not known of one that is not known. */
type EncryptsOf<M> =
  M extends EmbeddingMiddleware<infer E> ? (boolean extends E ? 'perhaps' : E) : false;
type Encrypting<M> =
  'perhaps' extends EncryptsOf<M> ? boolean : true extends EncryptsOf<M> ? true : false;

/** A model with its middlewares, by either of LocalMode's two ways to say it. */
export function wrapEmbeddingModel<const M extends EmbeddingMiddleware>(
  model: BaseModel,
  middlewares: readonly M[],
): EmbeddingModel<Encrypting<M>>;
export function wrapEmbeddingModel<const M extends EmbeddingMiddleware>(options: {
  readonly model: BaseModel;
  readonly middleware: M | readonly M[];
}): EmbeddingModel<Encrypting<M>>;
export function wrapEmbeddingModel(
  given:
    | BaseModel
    | {
        readonly model: BaseModel;
        readonly middleware: EmbeddingMiddleware | readonly EmbeddingMiddleware[];
      },
  middlewares: readonly EmbeddingMiddleware[] = [],
): EmbeddingModel {
  const isNamed = typeof given === 'object' && 'middleware' in given;
  const model = isNamed ? given.model : given;
  const added = isNamed ? [given.middleware].flat() : middlewares;
  const {
    modelId,
    steps = {},
    encrypts = false,
  } = typeof model === 'string' ? { modelId: model } : model;
  return { modelId, ...composeEmbeddingMiddleware([{ steps, encrypts }, ...added]) };
}

/**
 * Several as one. What they do is done in the order redact, noise, encrypt, in whichever order they are given:
 * another would protect less. Throws TypeError where two do the same.
 */
export function composeEmbeddingMiddleware<const M extends EmbeddingMiddleware>(
  middlewares: readonly M[],
): EmbeddingMiddleware<Encrypting<M>>;
export function composeEmbeddingMiddleware(
  middlewares: readonly EmbeddingMiddleware[],
): EmbeddingMiddleware {
  return {
    steps: middlewares.map(({ steps }) => steps).reduce(joinSteps, {}),
    encrypts: middlewares.some(({ encrypts }) => encrypts),
  };
}

function joinSteps(left: EmbeddingSteps, right: EmbeddingSteps): EmbeddingSteps {
  const twice = (['redact', 'dp', 'encrypt'] as const).find(
    (name) => left[name] !== undefined && right[name] !== undefined,
  );
  if (twice !== undefined) {
    throw new TypeError(`Two middlewares \`${twice}\`: there is one of each, put them together.`);
  }
  return { ...left, ...right, loggers: [...(left.loggers ?? []), ...(right.loggers ?? [])] };
}
