import { checkManifest, rightsOf } from '@locara/protocol';
import { digestOf } from '../trust/digest.ts';
import { parseRecord, renderRecord } from './app-record-file.ts';
import { WARMING_SAMPLE } from './warm-manifest-check.ts';

/** Ids that were asked for and that no app has. */
export interface Strangers {
  /** Takes the time that the first reading of an installed app takes, the first time an id is asked for. */
  readonly meet: (appId: string) => void;
}

/** So many ids are remembered; whoever asks for more is looking for something. */
const MAX_MET = 1000;

/**
 * The record of an app is read when the app is first asked for: then an id that no app has must take as long,
 * or the time would tell who is installed. Past many such ids `onMany` is called, once: it reads every app,
 * and from then on neither takes any time.
 */
export function createStrangers(onMany: () => Promise<void>): Strangers {
  const met = new Set<string>();
  const decoy = renderDecoy();
  let isOver = false;
  return {
    meet: (appId) => {
      if (isOver || met.has(appId)) return;
      if (met.size === MAX_MET) {
        void onMany().finally(() => {
          isOver = true;
          met.clear();
        });
      }
      if (met.size <= MAX_MET) met.add(appId);
      parseRecord(decoy, DECOY_ID);
      for (let file = 0; file < 2; file += 1) digestOf(Buffer.from(decoy));
    },
  };
}

const DECOY_ID = `${WARMING_SAMPLE.publisher}/${WARMING_SAMPLE.name}`;

/** The record of an app that nobody has. */
function renderDecoy(): string {
  const manifestBytes = Buffer.from(JSON.stringify(WARMING_SAMPLE, null, 2));
  const { manifest } = checkManifest(manifestBytes);
  if (manifest === undefined) throw new Error('the sample manifest is not valid');
  const asked = rightsOf(manifest);
  const record = {
    appId: DECOY_ID,
    manifest,
    manifestDigest: digestOf(manifestBytes),
    installPublicKey: Buffer.alloc(32),
    attestation: 'install-key',
    signer: { id: 'key:none', words: 'nobody', scope: 'sideloading' },
    installedAt: '2026-01-01T00:00:00.000Z',
    revoked: false,
    grants: [],
    approved: asked,
  } as const;
  return renderRecord(record, manifestBytes);
}
