import { describe, expect, test } from 'vitest';
import { looksLikeHttp } from '../../../daemon/transport/http-watch.ts';

describe('bytes that look like HTTP', () => {
  test.each(['GET /', 'POST /x HTTP/1.1', 'OPTIONS *', 'PROPFIND /', 'PRI * HTTP/2.0\r\n\r\nSM'])(
    'are %s',
    (text) => {
      expect(looksLikeHttp(Buffer.from(text))).toBe(true);
    },
  );

  test.each(['', 'G', 'GET', '{"a":"GET / "}', '[1]', '\u0016\u0003\u0001'])(
    'are not %j',
    (text) => {
      expect(looksLikeHttp(Buffer.from(text))).toBe(false);
    },
  );
});
