import { PINS } from '../../support/install-sample.ts';
import type { ShapeInstallation } from '../../support/shape-installation.ts';
import { SHAPE_CONTEXT_TOKENS } from '../../support/random-shape.ts';
import { unpackEmbeddedModel } from '../../support/embedded-model.ts';

/** A model to measure, and how much of each measure its speed allows. */
export interface Subject {
  readonly name: string;
  readonly modelPath: string;
  /** As a manifest names it. */
  readonly pin: string;
  readonly contextTokens: number;
  /** Of one text when nobody else writes, and of each of eight at once. */
  readonly maxTokens: { readonly alone: number; readonly ofEight: number };
  readonly rounds: {
    readonly alone: number;
    readonly ofEight: number;
    readonly firstToken: number;
  };
  readonly fairness: {
    readonly runInMs: number;
    readonly windowMs: number;
    readonly maxTokens: number;
  };
  readonly cancel: {
    readonly rounds: number;
    /** Of a prompt that takes long to read. */
    readonly promptWords: number;
    readonly longestWaitMs: number;
  };
}

export function createSubjects({ modelPath, pin }: ShapeInstallation): {
  readonly small: Subject;
  readonly shape: Subject;
} {
  return {
    small: {
      name: '260 K model',
      modelPath: unpackEmbeddedModel('stories-260k'),
      pin: PINS.find((pinned) => pinned.startsWith('stories-260k@')) ?? '',
      contextTokens: 2048,
      maxTokens: { alone: 300, ofEight: 150 },
      rounds: { alone: 15, ofEight: 5, firstToken: 300 },
      fairness: { runInMs: 500, windowMs: 3000, maxTokens: 40 },
      cancel: { rounds: 30, promptWords: 700, longestWaitMs: 20 },
    },
    shape: {
      name: '135 M shape',
      modelPath,
      pin,
      contextTokens: SHAPE_CONTEXT_TOKENS,
      maxTokens: { alone: 40, ofEight: 20 },
      rounds: { alone: 3, ofEight: 2, firstToken: 15 },
      fairness: { runInMs: 3000, windowMs: 10_000, maxTokens: 16 },
      cancel: { rounds: 6, promptWords: 500, longestWaitMs: 400 },
    },
  };
}

/** Both sides of every measure, and how many apps there are where there are many. */
export const THREADS = 1;
export const APPS = 8;
