import { type Explanation } from '@locara/protocol';
import type { AppRecord, AppRegistry } from '../apps/app-registry.ts';
import { type Blocks, toBlockSubject } from '../trust/blocks.ts';
import { explainCall } from './explain-call.ts';
import type { FindExplainedModel } from './explain-model.ts';

export interface AppExplainerDeps {
  readonly registry: Pick<AppRegistry, 'find' | 'isDamaged' | 'isIntact'>;
  readonly blocks: Pick<Blocks, 'find'>;
  readonly findModel: FindExplainedModel;
  /** Of the cool-down of the app's pending expansion; 0 when none runs. */
  readonly remainingMs: (record: AppRecord) => number;
}

/** Says why a call of an app would be allowed or refused now. */
export type ExplainApp = (question: {
  readonly appId: string;
  readonly method: string;
}) => Explanation;

export function createAppExplainer({
  registry,
  blocks,
  findModel,
  remainingMs,
}: AppExplainerDeps): ExplainApp {
  return ({ appId, method }) => {
    const record = registry.find(appId);
    return explainCall(method, {
      appId,
      record,
      isDamaged: registry.isDamaged(appId),
      isIntact: registry.isIntact(appId),
      block: record === undefined ? undefined : blocks.find(toBlockSubject(record)),
      remainingMs: record === undefined ? 0 : remainingMs(record),
      findModel,
    });
  };
}
