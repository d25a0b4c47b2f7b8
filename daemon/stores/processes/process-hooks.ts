import type { WorkerDependencies } from '../../workers/worker-dependencies.ts';

/** Told of the processes of one store. */
export type ProcessHooks = Required<Pick<WorkerDependencies, 'onReady' | 'onExit'>>;
