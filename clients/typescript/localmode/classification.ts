import type { Noise } from './noise.ts';
import type { PrivacyBudget } from './privacy-budget.ts';

export interface DpClassificationOptions {
  readonly epsilon: number;
  /** All that there are; each result has one of them. */
  readonly labels: readonly string[];
  /** Whom the texts are about; each has the whole budget. */
  readonly subject?: string;
}

/** What an app's own classifier answers; scores stay behind, for they would tell the true label. */
export interface Classified {
  readonly results: readonly { readonly label: string }[];
}

export interface ClassificationMiddleware {
  /** The labels of `doClassify`, each answered at random; the labels alone. */
  readonly wrapClassify: (call: {
    readonly doClassify: () => Classified | Promise<Classified>;
  }) => Promise<{ results: { label: string }[] }>;
}

export interface Classification {
  readonly dpClassificationMiddleware: (
    options: DpClassificationOptions,
    budget?: PrivacyBudget,
  ) => ClassificationMiddleware;
}

export function createClassification({ randomizedResponse }: Noise): Classification {
  return {
    dpClassificationMiddleware: ({ labels, ...release }, budget) => ({
      wrapClassify: async ({ doClassify }) => {
        const results: { label: string }[] = [];
        // One after the other: what does not fit into the budget any more ends the call.
        for (const { label } of (await doClassify()).results) {
          results.push({ label: await randomizedResponse(label, labels, { ...release, budget }) });
        }
        return { results };
      },
    }),
  };
}
