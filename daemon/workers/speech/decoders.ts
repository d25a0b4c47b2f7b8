import { createRequire } from 'node:module';
import { DECODERS } from './compressed.ts';

export interface DecoderCheck {
  readonly format: string;
  readonly isThere: boolean;
}

/** Every format that can be heard, and whether its decoder is installed; WAV needs none. */
export function checkDecoders(): readonly DecoderCheck[] {
  const { resolve } = createRequire(import.meta.url);
  const isThere = (name: string): boolean => {
    try {
      return resolve(name) !== '';
    } catch {
      return false;
    }
  };
  return [
    { format: 'WAV', isThere: true },
    ...Object.entries(DECODERS).map(([format, decoder]) => ({
      format,
      isThere: isThere(decoder.package),
    })),
  ];
}
