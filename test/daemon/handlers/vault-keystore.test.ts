import { expect, test } from 'vitest';
import { vaultKeystoreHandlers } from '../../../daemon/handlers/vault-keystore.ts';
import type { SessionCall } from '../../../daemon/rpc/handler.ts';
import { KeystoreHome } from '../../support/keystore-home.ts';

const unsealRecords = () => Promise.resolve({ decrypted: 0 });

test('the vault is not supported where no passphrase becomes a key', async () => {
  const { keystore } = new KeystoreHome();
  const ask = (isSupported?: () => Promise<boolean>) =>
    vaultKeystoreHandlers({
      keystore,
      unsealRecords,
      ...(isSupported === undefined ? {} : { isSupported }),
    })['vault.isSupported']({}, {} as SessionCall);
  expect(await ask(() => Promise.resolve(false))).toEqual({ supported: false });
  expect(await ask()).toEqual({ supported: true });
});
