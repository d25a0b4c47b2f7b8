import { listSchemes } from '../list-schemes.ts';
import type { Recognizer } from '../recognizer.ts';

/** `scheme://user:password@host…`: the whole of it, since the host says where the password fits. */
const WITH_PASSWORD =
  /(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,31}:\/\/[^\s:@/?#"'<>]{0,256}:[^\s@/"'<>]{1,512}@[^\s"'<>`]{1,1024}/y;

/** Connection strings of Azure and ADO: the secret part alone. */
const CONNECTION_PART =
  /(?<![A-Za-z])(?:AccountKey|SharedAccessKey|SharedAccessSignature|SharedSecretValue)\s{0,4}=\s{0,4}([A-Za-z0-9+/=%&.:-]{20,512})/gi;

/** The signature of a signed URL (Azure SAS, AWS, GCP). */
const SIGNATURE =
  /[?&](?:sig|X-Amz-Signature|X-Goog-Signature|X-Amz-Security-Token)=([A-Za-z0-9%+/=_-]{20,2048})/gi;

const PARTS = [
  { pattern: CONNECTION_PART, reason: 'connection-string-key' },
  { pattern: SIGNATURE, reason: 'signed-url' },
];

/** Passwords and keys in URLs and connection strings. */
export const URL_CREDENTIALS: Recognizer = {
  id: 'url-credentials',
  entities: ['CREDENTIAL'],
  *scan({ text }) {
    let end = 0;
    for (const { start } of listSchemes(text)) {
      WITH_PASSWORD.lastIndex = start;
      const found = start < end ? null : WITH_PASSWORD.exec(text);
      if (found === null) continue;
      end = start + found[0].length;
      const whole = found[0].replace(/[.,;:!?)\]}]{1,8}$/, '');
      yield {
        entity: 'CREDENTIAL',
        start: found.index,
        end: found.index + whole.length,
        score: 0.95,
        reason: 'url-password',
      };
    }
    for (const { pattern, reason } of PARTS) {
      for (const found of text.matchAll(pattern)) {
        const end = found.index + found[0].length;
        yield {
          entity: 'CREDENTIAL',
          start: end - (found[1]?.length ?? 0),
          end,
          score: 0.95,
          reason,
        };
      }
    }
  },
};
