import { PROTOCOL_VERSION } from './limits.ts';

/** Everything both sides sign. Nonces and the key are 32 raw bytes each. */
export interface HandshakeFields {
  readonly serverNonce: Uint8Array;
  readonly clientNonce: Uint8Array;
  readonly daemonPublicKey: Uint8Array;
  readonly appId: string;
  readonly manifestDigest: string;
  readonly clientPid: number;
  readonly daemonPid: number;
}

/** Present in every JavaScript runtime; this package compiles without any runtime's typings. */
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

const HANDSHAKE_NAME = `locara-hs/${PROTOCOL_VERSION}`;

/** The bytes that the app (`client`) and the daemon (`server`) sign with Ed25519: each field length-prefixed (u32, big-endian). */
export function handshakeTranscript(
  label: 'client' | 'server',
  fields: HandshakeFields,
): Uint8Array<ArrayBuffer> {
  const utf8 = new TextEncoder();
  const parts = [
    utf8.encode(HANDSHAKE_NAME),
    utf8.encode(label),
    fields.serverNonce,
    fields.clientNonce,
    fields.daemonPublicKey,
    utf8.encode(fields.appId),
    utf8.encode(fields.manifestDigest),
    utf8.encode(String(fields.clientPid)),
    utf8.encode(String(fields.daemonPid)),
  ];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const part of parts) {
    view.setUint32(offset, part.length);
    bytes.set(part, offset + 4);
    offset += 4 + part.length;
  }
  return bytes;
}
