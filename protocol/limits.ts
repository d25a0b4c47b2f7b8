/** Limits of the wire (contract, section 2). `session.hello` publishes those a client must respect. */
export const LIMITS = {
  maxMessageBytes: 4 * 1024 * 1024,
  maxMessageBytesBeforeAuth: 64 * 1024,
  maxMessageDepth: 64,
  maxMessageValues: 65_536,
  maxConnectionsPerApp: 64,
  maxCallsPerConnection: 32,
  maxCallsPerApp: 128,
  authTimeoutMs: 5000,
  maxProgressPerSecond: 10,
  maxBlobAppendBytes: 1024 * 1024,
  /** What fits one message as base64, beside the rest of the answer. */
  maxBlobReadBytes: 3 * 1024 * 1024 - 64 * 1024,
  /** Of an app whose manifest names no `storage.quota_mb`. */
  defaultStoreQuotaMb: 1024,
  /** How long the new rights of an update wait at least. */
  coolDownMs: 7 * 24 * 60 * 60 * 1000,
} as const;

export const PROTOCOL_VERSION = 1;
