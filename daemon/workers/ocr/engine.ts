import type { Worker as Thread } from 'node:worker_threads';
import { RpcError } from '@locara/protocol/errors';
import { createWorker, OEM, type Worker as Tesseract } from 'tesseract.js';
import type { LoadedEngine } from '../engine.ts';
import { settleInTime } from './deadline.ts';
import { assertReadableImage, type ImageFormat, unsupported } from './image-header.ts';
import type { OcrOps, OcrStart } from './ops.ts';
import { findSeenOrientation, restateOrientation } from './orientation.ts';
import { toPage } from './pages.ts';
import { decodeBmp, decodeGreyPng, toPgm } from './pixels.ts';
import {
  createReader,
  type OcrCall,
  type OcrLimits,
  type Opening,
  type Reader,
  type Recogniser,
} from './reader.ts';

const DEFAULT_LIMITS: OcrLimits = {
  openTimeoutMs: 30_000,
  recognizeTimeoutMs: 120_000,
  maxGrowthBytes: 384 * 1024 * 1024,
};

type Recognize = OcrOps['recognize'];

/** Opens the recogniser for the first language of `start`; throws Unavailable when it cannot. */
export async function createOcrEngine(
  { languages }: OcrStart,
  limits: OcrLimits = DEFAULT_LIMITS,
): Promise<LoadedEngine<OcrOps>> {
  const reader = createReader({ files: languages, limits, open: openRecogniser });
  await reader.warmUp();
  return {
    engine: { recognize: (params, call) => recognize(reader, params, call) },
    device: {
      device: 'CPU',
      threads: 1,
      why: 'Reading images has no GPU build, and one thread reads one image.',
    },
  };
}

async function recognize(
  reader: Reader,
  params: Recognize['params'],
  call: OcrCall,
): Promise<Recognize['result']> {
  const file = toBytes(params.image);
  const header = assertReadableImage(file);
  const image = prepare(file, header.format);
  const { recognised, factor } = await reader.read(
    { image, pixels: header.pixels, languages: params.languages },
    call,
  );
  const orientation = findSeenOrientation(image);
  const page = toPage(recognised, params.level, { ...header, factor, orientation });
  call.chunk(page);
  return { text: page.text, pages: [page] };
}

/** The image in a form the library reads well. */
function prepare(file: Buffer, format: ImageFormat): Buffer {
  if (format === 'bmp') return toPgm(decodeBmp(file));
  return format === 'jpeg' ? restateOrientation(file) : file;
}

/** Bytes only: the library would fetch a string as a URL or open it as a path. */
function toBytes(image: unknown): Buffer {
  if (!(image instanceof Uint8Array)) {
    throw new RpcError('InvalidParams', 'An image is bytes.', { details: { rule: 'image_bytes' } });
  }
  return Buffer.from(image.buffer, image.byteOffset, image.byteLength);
}

/** Starts the library's thread on local files alone: it caches, fetches and writes nothing. */
async function openRecogniser(languages: string, opening: Opening): Promise<Recogniser> {
  let onProgress: (share: number) => void = () => undefined;
  const failed = Promise.withResolvers<never>();
  const starting = createWorker(languages, OEM.LSTM_ONLY, {
    langPath: opening.folder,
    gzip: false,
    cacheMethod: 'none',
    // Without a handler the library throws where nobody can catch it; without this one a failed
    // start never settles.
    errorHandler: () => {
      failed.reject(new RpcError('Unavailable', 'The language data cannot be loaded.'));
    },
    logger: ({ status, progress }) => {
      if (status === 'recognizing text') onProgress(progress);
    },
  });
  failed.promise.catch(() => undefined);
  try {
    const tesseract = await settleInTime(Promise.race([starting, failed.promise]), opening);
    return wrap(tesseract, (listener) => (onProgress = listener));
  } catch (error) {
    void starting.then(
      (late) => late.terminate(),
      () => undefined,
    );
    if (error instanceof RpcError) throw error;
    throw new RpcError('Unavailable', 'The recogniser did not start.', { cause: error });
  }
}

function wrap(
  tesseract: Tesseract,
  listen: (onProgress: (share: number) => void) => void,
): Recogniser {
  const died = Promise.withResolvers<never>();
  died.promise.catch(() => undefined);
  const crash = (): void => {
    died.reject(new RpcError('WorkerCrashed', 'The recogniser stopped under the call.'));
  };
  // Not in the library's types: an error of this thread nobody listens to would end the process.
  const { worker: thread } = tesseract as unknown as { readonly worker: Thread };
  thread.on('error', crash).on('exit', crash);

  const run: typeof tesseract.recognize = async (image, options, output) => {
    try {
      return await Promise.race([tesseract.recognize(image, options, output), died.promise]);
    } catch (error) {
      throw toRpcError(error);
    }
  };
  return {
    rssBytes: process.memoryUsage.rss(),
    recognize: async (image, onProgress) => {
      listen(onProgress);
      return (await run(image, {}, { text: true, blocks: true })).data;
    },
    decode: async (image) => {
      const { imageGrey } = (await run(image, {}, { text: false, imageGrey: true })).data;
      return decodeGreyPng(Buffer.from(imageGrey?.split(',')[1] ?? '', 'base64'));
    },
    close: () => void tesseract.terminate(),
  };
}

/** The library rejects with strings. */
function toRpcError(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  const isDamaged = String(error).includes('Error attempting to read image');
  if (isDamaged) return unsupported('The image is damaged or of a kind that cannot be read.');
  return new RpcError('WorkerCrashed', 'The recogniser failed on this image.');
}
