import { type Page, RpcError } from '@locara/protocol';
import type { ReadMedia } from '../blobs/media.ts';
import type { AppModels, ReadyModel } from '../models/app-models.ts';
import type { Handlers } from '../rpc/handler.ts';
import type { Engines } from '../scheduler/engines.ts';
import { assertReadableImage, IMAGE_LIMITS } from '../workers/ocr/image-header.ts';
import { type StreamHooks, streamFromWorker } from './stream.ts';

export interface OcrDeps {
  readonly models: AppModels;
  readonly engines: Engines;
  readonly readMedia: ReadMedia;
}

/** Longer than the engine's own deadline, which answers better. */
const TIMEOUT_MS = 180_000;

export function ocrHandlers({ models, engines, readMedia }: OcrDeps): Handlers<'ocr'> {
  return {
    'ocr.recognize': async function* (params, call) {
      using media = await readMedia(call.session, params.image, {
        maxBytes: IMAGE_LIMITS.maxBytes,
      });
      const image = media.bytes;
      // Before any worker: an image that claims too much never reaches a decoder.
      assertReadableImage(image);
      const model = await models.resolve({ call, tasks: ['image-to-text'], model: params.model });
      const languages = chooseLanguages(model, params.languages);
      const { appId: app } = call.session;
      const onProgress = call.progress.bind(call);
      const { text, pages } = yield* streamFromWorker(call.signal, (hooks: StreamHooks<Page>) =>
        engines
          .ocr(model)
          .call(
            'recognize',
            { image, languages, level: params.level },
            { ...hooks, app, onProgress, timeoutMs: TIMEOUT_MS },
          ),
      );
      return { text, pages: [...pages] };
    },
  };
}

/** What the call asks for, if the model has it all; otherwise its first language. */
function chooseLanguages(
  { entry }: ReadyModel,
  asked: readonly string[] | undefined,
): readonly string[] {
  const available = entry.languages ?? [];
  if (asked === undefined) return available.slice(0, 1);
  const missing = asked.find((code) => !available.includes(code));
  if (missing === undefined) return [...new Set(asked)];
  throw new RpcError('NotFound', `The model ${entry.id} has no language ${missing}.`, {
    details: { language: missing, available },
  });
}
