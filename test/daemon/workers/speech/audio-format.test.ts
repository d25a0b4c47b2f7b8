import { describe, expect, test } from 'vitest';
import { recogniseAudio } from '../../../../daemon/workers/speech/audio-format.ts';

function bytes(text: string, length = 64): Uint8Array {
  const padded = Buffer.alloc(length);
  padded.write(text, 'latin1');
  return padded;
}

/** A first Ogg page with one packet that begins with `codec`. */
function oggPage(codec: string): Uint8Array {
  const page = Buffer.alloc(64);
  page.write('OggS', 'latin1');
  page.writeUInt8(1, 26);
  page.write(codec, 28, 'latin1');
  return page;
}

describe('recognising a recording by its first bytes', () => {
  test.each([
    ['WAV', bytes('RIFF\0\0\0\0WAVEfmt ')],
    ['FLAC', bytes('fLaC')],
    ['Ogg Vorbis', oggPage('\x01vorbis')],
    ['MP3', bytes('ID3\x04')],
    ['MP3', Uint8Array.of(0xff, 0xfb, 0x90, 0x00)],
    ['MP3', Uint8Array.of(0xff, 0xf3, 0x48, 0xc4)],
  ])('reads %s', (format, audio) => {
    expect(recogniseAudio(audio)).toBe(format);
  });

  test.each([
    ['Opus', oggPage('OpusHead')],
    ['M4A', bytes('\0\0\0\x20ftypM4A ')],
    ['WebM', bytes('\x1aE\xdf\xa3')],
    ['AIFF', bytes('FORM\0\0\0\0AIFF')],
    ['an unknown format', oggPage('\x80theora')],
    ['an unknown format', bytes('RIFF\0\0\0\0AVI ')],
    ['an unknown format', bytes('RIFX\0\0\0\0WAVE')],
    ['an unknown format', Uint8Array.of(0xff, 0xf1, 0x50, 0x80)],
    ['an unknown format', Uint8Array.of(0xff, 0xfe, 0x41, 0x00)],
    ['an unknown format', bytes('{"text":"hello"}')],
    ['an unknown format', new Uint8Array(0)],
    ['an unknown format', Uint8Array.of(0xff)],
  ])('refuses %s and names what is readable', (found, audio) => {
    expect(() => recogniseAudio(audio)).toThrow(
      expect.objectContaining({
        reason: 'UnsupportedMedia',
        message: `The audio is ${found}; readable are WAV, FLAC, Ogg Vorbis, MP3.`,
        details: { rule: 'audio_format', readable: ['WAV', 'FLAC', 'Ogg Vorbis', 'MP3'] },
      }),
    );
  });
});
