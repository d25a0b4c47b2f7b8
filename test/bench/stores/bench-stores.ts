import { startDaemonProcess } from '../../support/daemon-process.ts';
import type { Row } from '../measure.ts';
import { benchCalls } from './calls.ts';
import { benchHybrid } from './hybrid.ts';
import { benchDatabaseLayer } from './in-process.ts';
import { benchMany } from './many.ts';
import { benchOpening } from './opening.ts';
import { benchMillions } from './vectors-by-the-million.ts';
import { benchVectors } from './vectors.ts';

/** What can be measured of the apps' stores, by the name that chooses it. */
export const STORE_MEASURES: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  'stores.sql': async () => {
    const inProcess = benchDatabaseLayer();
    await using daemon = await startDaemonProcess({ fromBuild: true });
    return [...inProcess, ...(await benchCalls(daemon))];
  },
  'stores.open': benchOpening,
  'stores.many': benchMany,
  'stores.hybrid': () => Promise.resolve(benchHybrid()),
  'stores.vectors': benchVectors,
  'stores.millions': () => benchMillions(),
};

/** They take most of an hour and gigabytes of disk: they run when named, never among all. */
export const NAMED_ALONE: ReadonlySet<string> = new Set(['stores.millions']);
