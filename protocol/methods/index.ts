import { auditMethods } from './audit.ts';
import { blobsMethods } from './blobs.ts';
import { collectionsMethods } from './collections.ts';
import { daemonMethods } from './daemon.ts';
import { dbMethods } from './db.ts';
import { embedMethods } from './embed.ts';
import { grantsMethods } from './grants.ts';
import { llmMethods } from './llm.ts';
import { modelsMethods } from './models.ts';
import { ocrMethods } from './ocr.ts';
import { privacyBudgetMethods } from './privacy-budget.ts';
import { privacyNoiseMethods } from './privacy-noise.ts';
import { privacyMethods } from './privacy.ts';
import { rpcMethods } from './rpc.ts';
import { sessionMethods } from './session.ts';
import { transcribeMethods } from './transcribe.ts';
import { vaultKeystoreMethods } from './vault-keystore.ts';
import { vaultMethods } from './vault.ts';
import { vaultStreamMethods } from './vault-streams.ts';

/** The method table of the app socket: the only list of what an app can call. */
export const methods = {
  ...rpcMethods,
  ...daemonMethods,
  ...sessionMethods,
  ...grantsMethods,
  ...modelsMethods,
  ...llmMethods,
  ...embedMethods,
  ...transcribeMethods,
  ...ocrMethods,
  ...blobsMethods,
  ...dbMethods,
  ...collectionsMethods,
  ...privacyBudgetMethods,
  ...privacyNoiseMethods,
  ...privacyMethods,
  ...auditMethods,
  ...vaultKeystoreMethods,
  ...vaultMethods,
  ...vaultStreamMethods,
};
