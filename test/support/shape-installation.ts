import { prepareRandomModel } from './random-model.ts';
import { SHAPE_CONTEXT_TOKENS } from './random-shape.ts';
import { createInstallation } from './test-installation.ts';

/** An installation whose catalog also has the random model of 135 million weights. */
export interface ShapeInstallation {
  readonly root: string;
  readonly modelPath: string;
  /** As a manifest names it. */
  readonly pin: string;
}

const ID = 'random-135m';

export function createShapeInstallation(): ShapeInstallation {
  const { path, name, sha256, bytes } = prepareRandomModel();
  const root = createInstallation([
    {
      path,
      entry: {
        id: ID,
        task: 'text-to-text',
        description: 'Random weights in the shape of a small assistant.',
        license: 'Apache-2.0',
        contextTokens: SHAPE_CONTEXT_TOKENS,
        chatTemplate: false,
        files: [{ name, sha256, bytes }],
      },
    },
  ]);
  return { root, modelPath: path, pin: `${ID}@sha256:${sha256}` };
}
