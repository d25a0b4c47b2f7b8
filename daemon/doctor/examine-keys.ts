import type { Finding } from '@locara/protocol';
import type { CustodyState } from '../stores/keys/key-custody.ts';

const PROTECTIONS = {
  keyring: {
    level: 'ok',
    title: "The keys of the stores are protected by the keyring of this computer's login.",
  },
  passphrase: {
    level: 'ok',
    title: 'The keys of the stores are protected by a passphrase, and unlocked now.',
  },
  file: {
    level: 'note',
    title: 'The keys of the stores are protected by a file that only you can read.',
    detail:
      'Who copies the whole data folder, as a backup does, has the data too. A keyring or a passphrase prevents that.',
    fix: 'locara keys protect --with keyring, or --with passphrase',
  },
} as const;

/** What protects the keys, and whether they can be had now. */
export function examineKeys({ kind, stores, refusal, isRotating }: CustodyState): Finding {
  const id = 'keys';
  if (refusal !== undefined) {
    const { details, message } = refusal;
    if (details?.['rule'] === 'keys_locked') {
      const title = 'The keys of the stores are locked: no app reaches its data.';
      return { id, level: 'warning', title, fix: 'locara keys unlock' };
    }
    const title = 'The master key cannot be had: no app reaches its data.';
    return { id, level: 'problem', title, detail: message, fix: 'locara keys show' };
  }
  if (kind === undefined && stores > 0) {
    const title = 'The master key is missing: no app reaches its data.';
    const fix = 'put data/keys back from a backup';
    return { id, level: 'problem', title, fix };
  }
  if (kind === undefined) {
    return { id, level: 'ok', title: 'No app has stored anything, so there are no keys yet.' };
  }
  if (!isRotating) return { id, ...PROTECTIONS[kind] };
  return {
    id,
    level: 'warning',
    title: 'A change of the master key has not ended: some keys are wrapped by the one before.',
    fix: 'locara keys rotate',
  };
}
