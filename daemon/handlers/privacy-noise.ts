import { LIMITS, type privacyNoiseMethods, RpcError } from '@locara/protocol';
import { toFloats, toWireVector } from '../collections/wire-vectors.ts';
import type { NoiseMaker, Release } from '../privacy/releases/noise-maker.ts';
import type { HandlersOf } from '../rpc/handler.ts';
import { mapInTurns } from '../turns.ts';
import { toPrivacyCall } from './to-privacy-call.ts';

type NoiseMethod = keyof typeof privacyNoiseMethods;

/** Differentially private releases for apps, each charged before it is drawn. */
export function privacyNoiseHandlers({
  noise,
}: {
  readonly noise: NoiseMaker;
}): HandlersOf<NoiseMethod> {
  return {
    async 'privacy.noise'({ vectors, encoding, normalize, ...settings }, call) {
      const floats = await mapInTurns(vectors, toFloats, call.signal);
      assertAnswerFits(floats, encoding);
      const asked = { ...settings, isNormalized: normalize };
      const released = await noise.protectVectors(
        floats,
        asked,
        toPrivacyCall('privacy.noise', call),
      );
      return {
        vectors: await mapInTurns(
          released.vectors,
          (vector) => toWireVector(vector, encoding),
          call.signal,
        ),
        ...released.effect,
      };
    },
    async 'privacy.drawNoise'({ encoding, ...wanted }, call) {
      const drawn = await noise.drawNoise(wanted, toPrivacyCall('privacy.drawNoise', call));
      return { noise: toWireVector(drawn, encoding) };
    },
    async 'privacy.randomizedResponse'(asked, call) {
      return {
        label: await noise.randomizeLabel(asked, toPrivacyCall('privacy.randomizedResponse', call)),
      };
    },
    async 'privacy.count'(asked, call) {
      const { value, ...release } = await noise.count(asked, toPrivacyCall('privacy.count', call));
      return { count: value, ...release };
    },
    async 'privacy.histogram'(asked, call) {
      const released: Release<readonly number[]> = await noise.histogram(
        asked,
        toPrivacyCall('privacy.histogram', call),
      );
      const { value, ...release } = released;
      return { counts: [...value], ...release };
    },
    async 'privacy.mean'(asked, call) {
      const { value, ...release } = await noise.mean(asked, toPrivacyCall('privacy.mean', call));
      return { mean: value, ...release };
    },
    async 'privacy.centroid'({ vectors, encoding, ...settings }, call) {
      const floats = await mapInTurns(vectors, toFloats, call.signal);
      assertAnswerFits(floats.slice(0, 1), encoding);
      const asking = toPrivacyCall('privacy.centroid', call);
      const released = await noise.centroid(floats, settings, asking);
      return { vector: toWireVector(released.vector, encoding), ...released.effect };
    },
  };
}

/** The longest a coordinate is on the wire: `-1.2345678901234567e-10,`, or four bytes in base64. */
const COORDINATE_BYTES = { float: 25, f32: 5.4 } as const;
const REST_BYTES = 64 * 1024;

/** Before it is charged: an answer that is too large to send would be paid for and lost. */
function assertAnswerFits(
  vectors: readonly Float32Array[],
  encoding: keyof typeof COORDINATE_BYTES,
): void {
  const coordinates = vectors.reduce((sum, { length }) => sum + length, 0);
  const fitting = Math.floor(
    (LIMITS.maxMessageBytes - REST_BYTES - 16 * vectors.length) / COORDINATE_BYTES[encoding],
  );
  if (coordinates <= fitting) return;
  throw new RpcError(
    'PayloadTooLarge',
    'The result would be too large for one message: send fewer vectors, or ask for f32.',
    { details: { coordinates, maxCoordinates: fitting, waysOut: ['encoding: "f32"'] } },
  );
}
