import { RpcError } from '@locara/protocol/errors';

/** What a recording may be, by its first bytes; `readable` ones have a decoder. */
const FORMATS = [
  { name: 'WAV', readable: true, matches: (b) => isText(b, 0, 'RIFF') && isText(b, 8, 'WAVE') },
  { name: 'FLAC', readable: true, matches: (b) => isText(b, 0, 'fLaC') },
  { name: 'Ogg Vorbis', readable: true, matches: (b) => isOgg(b, '\x01vorbis') },
  { name: 'MP3', readable: true, matches: (b) => isText(b, 0, 'ID3') || isMp3Frame(b) },
  { name: 'Opus', readable: false, matches: (b) => isOgg(b, 'OpusHead') },
  { name: 'M4A', readable: false, matches: (b) => isText(b, 4, 'ftyp') },
  { name: 'WebM', readable: false, matches: (b) => isText(b, 0, '\x1aE\xdf\xa3') },
  { name: 'AIFF', readable: false, matches: (b) => isText(b, 0, 'FORM') },
] as const satisfies readonly {
  readonly name: string;
  readonly readable: boolean;
  readonly matches: (bytes: Uint8Array) => boolean;
}[];

type Format = (typeof FORMATS)[number];
export type AudioFormat = Extract<Format, { readable: true }>['name'];

const READABLE_FORMATS: readonly AudioFormat[] = FORMATS.filter(isReadable).map(
  (format) => format.name,
);

/** Recognises a recording by its magic bytes. Throws UnsupportedMedia, naming what is readable. */
export function recogniseAudio(bytes: Uint8Array): AudioFormat {
  const format = FORMATS.find((candidate) => candidate.matches(bytes));
  if (format !== undefined && isReadable(format)) return format.name;
  const found = format === undefined ? 'an unknown format' : format.name;
  throw new RpcError(
    'UnsupportedMedia',
    `The audio is ${found}; readable are ${READABLE_FORMATS.join(', ')}.`,
    { details: { rule: 'audio_format', readable: READABLE_FORMATS } },
  );
}

function isReadable(format: Format): format is Extract<Format, { readable: true }> {
  return format.readable;
}

function isText(bytes: Uint8Array, offset: number, text: string): boolean {
  if (bytes.length < offset + text.length) return false;
  for (let i = 0; i < text.length; i += 1) {
    if (bytes[offset + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** The codec's own header is the first packet, right behind the page's table of `segments` lengths. */
function isOgg(bytes: Uint8Array, codecMagic: string): boolean {
  const segments = bytes[26] ?? 0;
  return isText(bytes, 0, 'OggS') && isText(bytes, 27 + segments, codecMagic);
}

/** MPEG audio layer III: sync word, then a version, bitrate and rate that exist. */
function isMp3Frame(bytes: Uint8Array): boolean {
  const [sync = 0, second = 0, third = 0] = bytes;
  const isLayer3 = sync === 0xff && (second & 0xe6) === 0xe2;
  const isReservedVersion = (second & 0x18) === 0x08;
  const bitrate = third >> 4;
  return isLayer3 && !isReservedVersion && bitrate > 0 && bitrate < 15 && (third & 0x0c) !== 0x0c;
}
