import { RpcError, type vaultStreamMethods } from '@locara/protocol';
import type { Vault } from '../privacy/vault/create-vault.ts';
import { requireOffset } from '../privacy/vault/session-streams.ts';
import { requireBase64 } from '../privacy/vault/strict-base64.ts';
import type { HandlersOf } from '../rpc/handler.ts';
import { toPrivacyCall } from './to-privacy-call.ts';

const MAX_PIECE_BYTES = 1024 * 1024;

export function vaultStreamHandlers({
  vault,
}: {
  readonly vault: Vault;
}): HandlersOf<keyof typeof vaultStreamMethods> {
  return {
    'vault.openStream': (params, call) =>
      vault.openStream(toPrivacyCall('vault.openStream', call), params),
    'vault.pushStream': async ({ stream, offset, data }, { session }) => {
      const bytes = decodePiece(data);
      const ready = await vault.pushStream(session.id, { stream, offset, bytes });
      return { data: ready.toString('base64') };
    },
    'vault.closeStream': async ({ stream, offset, abandon }, { session }) => {
      if (abandon) {
        vault.abandonStream(session.id, stream);
        return { data: '' };
      }
      const last = await vault.closeStream(session.id, { stream, offset: requireOffset(offset) });
      return { data: last.toString('base64') };
    },
  };
}

function decodePiece(data: string): Buffer {
  const bytes = requireBase64(data);
  if (bytes.length <= MAX_PIECE_BYTES) return bytes;
  throw new RpcError('PayloadTooLarge', 'A piece of a stream is at most 1 MiB: push several.', {
    details: { limitBytes: MAX_PIECE_BYTES, bytes: bytes.length },
  });
}
