import type { Segment } from '@locara/protocol';

/** How to load a speech model. */
export interface SpeechStart {
  readonly modelPath: string;
  readonly vadModelPath: string;
  /** Longest speech the model hears at once, milliseconds; longer speech is cut at pauses. */
  readonly windowMs: number;
  readonly threads: number;
}

export interface TranscribeParams {
  /** An audio file: WAV, MP3, FLAC or Ogg Vorbis. */
  readonly audio: Uint8Array;
  readonly language: string;
  readonly translate: boolean;
  readonly words: boolean;
}

/** The operations of the speech worker. */
export interface SpeechOps {
  /** From the next stretch of speech on. */
  setThreads: { params: { readonly threads: number }; chunk: never; result: undefined };
  transcribe: {
    params: TranscribeParams;
    chunk: Segment;
    result: {
      readonly text: string;
      readonly language: string;
      readonly durationMs: number;
      readonly segments: readonly Segment[];
    };
  };
}
