import type { Privacy } from '../privacy/create-privacy.ts';
import type { HandlersOf } from '../rpc/handler.ts';
import { toPrivacyCall } from './to-privacy-call.ts';

type PrivacyMethod =
  | 'privacy.detect'
  | 'privacy.redact'
  | 'privacy.restore'
  | 'privacy.forget'
  | 'privacy.capabilities';

/** Finding and replacing what gives people away in texts, for apps. */
export function privacyHandlers({
  privacy,
}: {
  readonly privacy: Pick<Privacy, 'redactor' | 'examine'>;
}): HandlersOf<PrivacyMethod> {
  const { redactor } = privacy;
  return {
    async 'privacy.detect'({ text, ...settings }, call) {
      const [entities = []] = await redactor.detect(
        [text],
        settings,
        toPrivacyCall('privacy.detect', call),
      );
      return { entities: [...entities] };
    },

    async 'privacy.redact'({ text, ...settings }, call) {
      const redacted = await redactor.redact(
        [text],
        settings,
        toPrivacyCall('privacy.redact', call),
      );
      const [redactedText = ''] = redacted.texts;
      return {
        text: redactedText,
        entities: [...(redacted.findings[0] ?? [])],
        ...(redacted.restoreId === undefined ? {} : { restoreId: redacted.restoreId }),
      };
    },

    'privacy.restore': ({ text, restoreId }, { session }) =>
      redactor.restore(session.id, restoreId, text),

    'privacy.forget': ({ restoreId }, { session }) => ({
      forgotten: redactor.forget(session.id, restoreId),
    }),

    'privacy.capabilities': async () => ({ capabilities: [...(await privacy.examine())] }),
  };
}
