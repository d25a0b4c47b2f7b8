import { RpcError, type Segment } from '@locara/protocol';
import type { ReadMedia } from '../blobs/media.ts';
import type { AppModels, ReadyModel } from '../models/app-models.ts';
import type { Handlers } from '../rpc/handler.ts';
import type { Engines } from '../scheduler/engines.ts';
import { recogniseAudio } from '../workers/speech/audio-format.ts';
import { type StreamHooks, streamFromWorker } from './stream.ts';

export interface TranscribeDeps {
  readonly models: AppModels;
  readonly engines: Engines;
  readonly readMedia: ReadMedia;
}

/** Four hours of the samples that models hear, and a little more. */
const MAX_AUDIO_BYTES = 512 * 1024 * 1024;

/** A safety net, not a promise: the slowest model on the slowest machine stays well below. */
const MIN_TIMEOUT_MS = 2 * 60 * 1000;
const MAX_TIMEOUT_MS = 16 * 60 * 60 * 1000;
/** Four times the sound's own length in the smallest usual MP3 (32 kbit/s), more for others. */
const TIMEOUT_MS_PER_BYTE = 1;

export function transcribeHandlers({
  models,
  engines,
  readMedia,
}: TranscribeDeps): Handlers<'transcribe'> {
  return {
    'transcribe.run': async function* (params, call) {
      using media = await readMedia(call.session, params.audio, { maxBytes: MAX_AUDIO_BYTES });
      const audio = media.bytes;
      // Before any worker: what no decoder reads never reaches one.
      recogniseAudio(audio);
      const model = await models.resolve({ call, tasks: ['speech-to-text'], model: params.model });
      const request = {
        audio,
        language: chooseLanguage(model, params.language),
        translate: chooseTranslate(model, params.translate),
        words: params.words ?? false,
      };
      const { appId: app } = call.session;
      const onProgress = call.progress.bind(call);
      const timeoutMs = Math.min(
        MAX_TIMEOUT_MS,
        MIN_TIMEOUT_MS + audio.length * TIMEOUT_MS_PER_BYTE,
      );
      const result = yield* streamFromWorker(call.signal, (hooks: StreamHooks<Segment>) =>
        engines.speech(model).call('transcribe', request, { ...hooks, app, onProgress, timeoutMs }),
      );
      return { ...result, segments: [...result.segments] };
    },
  };
}

/** A model that was not taught to translate would make words up. */
function chooseTranslate({ entry }: ReadyModel, asked = false): boolean {
  if (!asked || entry.translates === true) return asked;
  throw new RpcError('Unavailable', `The model ${entry.id} cannot translate.`, {
    details: { model: entry.id, rule: 'translate' },
  });
}

/** The language asked for, if the model has it; a model of one language need not find it out. */
function chooseLanguage({ entry }: ReadyModel, asked = 'auto'): string {
  const available = entry.languages;
  const [only = 'auto', ...others] = available ?? [];
  if (asked === 'auto') return others.length === 0 ? only : 'auto';
  if (available === undefined || available.includes(asked)) return asked;
  throw new RpcError('NotFound', `The model ${entry.id} has no language ${asked}.`, {
    details: { language: asked, available },
  });
}
