import type { Finding } from '@locara/protocol';
import type { PrivacyCapability } from '../privacy/capabilities/examine-privacy.ts';

/** The same lines that apps are told by `privacy.capabilities`. */
export function describePrivacy(capabilities: readonly PrivacyCapability[]): Finding[] {
  return capabilities.map(({ id, available, uses }) => ({
    id: `privacy:${id}`,
    level: available ? 'ok' : id === 'sealedWorker' || id === 'argon2' ? 'problem' : 'note',
    title: uses,
  }));
}
