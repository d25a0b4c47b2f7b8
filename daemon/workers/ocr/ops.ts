import type { Page } from '@locara/protocol';

/** How to start the ocr engine. */
export interface OcrStart {
  /** Unpacked language data by its code, as `eng` → …/eng.traineddata; all in one folder. */
  readonly languages: Readonly<Record<string, string>>;
}

/** The operations of the ocr worker. */
export interface OcrOps {
  recognize: {
    params: {
      readonly image: Uint8Array;
      readonly languages: readonly string[];
      readonly level: 'page' | 'line' | 'word';
    };
    chunk: Page;
    result: { readonly text: string; readonly pages: readonly Page[] };
  };
}
