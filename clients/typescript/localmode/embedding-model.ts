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

/** Of a model, a middleware or several. */
type EncryptsOf<T> = T extends { readonly encrypts?: infer E }
  ? unknown extends E
    ? false
    : boolean extends E
      ? 'perhaps'
      : true extends E
        ? true
        : false
  : false;

/** Whether one of them encrypts; not known of those that are not known. */
export type Encrypting<T> =
  'perhaps' extends EncryptsOf<T> ? boolean : true extends EncryptsOf<T> ? true : false;

/** A model with its middlewares, by either of LocalMode's two ways to say it. */
export function wrapEmbeddingModel<const B extends BaseModel, const M extends EmbeddingMiddleware>(
  model: B,
  middlewares: readonly M[],
): EmbeddingModel<Encrypting<B | M>>;
export function wrapEmbeddingModel<
  const B extends BaseModel,
  const M extends EmbeddingMiddleware,
>(options: {
  readonly model: B;
  readonly middleware: M | readonly M[];
}): EmbeddingModel<Encrypting<B | M>>;
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
 * another would protect less. Throws TypeError where two do the same, and for a middleware of LocalMode's own kind.
 */
export function composeEmbeddingMiddleware<const M extends EmbeddingMiddleware>(
  middlewares: readonly M[],
): EmbeddingMiddleware<Encrypting<M>>;
export function composeEmbeddingMiddleware(
  middlewares: readonly EmbeddingMiddleware[],
): EmbeddingMiddleware {
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- callers in JavaScript give what they like
  if (middlewares.some(({ steps }) => steps === undefined)) {
    throw new TypeError(
      'A middleware is what `piiRedactionMiddleware` and the like answer: `transformParams` and `wrapEmbed` are not taken.',
    );
  }
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
