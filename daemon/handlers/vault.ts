import { RpcError, type VaultValue, type vaultMethods, type Vector } from '@locara/protocol';
import { toFloats } from '../collections/wire-vectors.ts';
import type { Vault } from '../privacy/vault/create-vault.ts';
import { keepMinusZero } from '../privacy/vault/json-text.ts';
import type { PlainValue } from '../privacy/vault/plain-value.ts';
import type { Openable } from '../privacy/vault/values.ts';
import { requireBase64 } from '../privacy/vault/strict-base64.ts';
import type { HandlersOf } from '../rpc/handler.ts';
import { toF32 } from '../stores/collections/vectors/vector-blob.ts';
import { toPrivacyCall } from './to-privacy-call.ts';

type Method = keyof typeof vaultMethods;

/** Passphrases come as bytes, which the connection erases once the call is answered. */
export function vaultHandlers({ vault }: { readonly vault: Vault }): HandlersOf<Method> {
  return {
    'vault.encrypt': async ({ value, ...options }, call) => ({
      envelope: await vault.encrypt(
        toPrivacyCall('vault.encrypt', call),
        toPlainValue(value),
        options,
      ),
    }),
    'vault.decrypt': async ({ envelope, ...options }, call) => {
      const plain = await vault.decrypt(
        toPrivacyCall('vault.decrypt', call),
        toOpenable(envelope),
        options,
      );
      return { value: toWireValue(plain) };
    },
    'vault.deriveKey': (params, call) =>
      vault.deriveKey(toPrivacyCall('vault.deriveKey', call), params),
    'vault.forgetKey': ({ key }, { session }) => ({ forgotten: vault.forgetKey(session.id, key) }),
    'vault.hashPassphrase': async ({ passphrase, kdf }, call) => ({
      hash: await vault.hash(toPrivacyCall('vault.hashPassphrase', call), passphrase, kdf),
    }),
    'vault.verifyPassphrase': ({ passphrase, hash }, call) =>
      vault.verify(toPrivacyCall('vault.verifyPassphrase', call), passphrase, hash),
  };
}

function toPlainValue(value: VaultValue): PlainValue {
  if ('text' in value) return { type: 'string', value: value.text };
  if ('base64' in value) return { type: 'bytes', value: requireBase64(value.base64) };
  if ('vector' in value) return { type: 'vector', value: toExactFloats(value.vector) };
  return { type: 'json', value: value.json };
}

/** Numbers of JSON are finite: what would be Infinity in 32 bits would come back as something else. */
function toExactFloats(vector: Vector): Float32Array {
  const floats = toFloats(vector);
  if (!Array.isArray(vector) || floats.every(Number.isFinite)) return floats;
  throw new RpcError('InvalidParams', 'A number of the vector is too large for 32-bit floats.', {
    details: { rule: 'f32_range' },
  });
}

/** Vectors as bytes: JSON has no NaN. */
function toWireValue(plain: PlainValue): VaultValue {
  switch (plain.type) {
    case 'string':
      return { text: plain.value };
    case 'bytes':
      return { base64: Buffer.from(plain.value).toString('base64') };
    case 'json':
      return { json: keepMinusZero(plain.value) };
    case 'vector':
      return { vector: toF32(plain.value) };
  }
}

function toOpenable(
  envelope: Parameters<HandlersOf<Method>['vault.decrypt']>[0]['envelope'],
): Openable {
  return 'vector' in envelope ? { vector: toFloats(envelope.vector) } : envelope;
}
