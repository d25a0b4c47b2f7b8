import { appMethods } from './app.ts';
import { appRunMethods } from './app-run.ts';
import { auditControlMethods } from './audit.ts';
import { doctorMethods } from './doctor.ts';
import { keysMethods } from './keys.ts';
import { modelsControlMethods } from './models.ts';
import { privacyControlMethods } from './privacy.ts';
import { revocationMethods } from './revocation.ts';
import { statusMethods } from './status.ts';
import { storeMethods } from './store.ts';
import { storeExportMethods } from './store-export.ts';
import { trustMethods } from './trust.ts';

/** The method table of the control socket. */
export const controlMethods = {
  ...statusMethods,
  ...doctorMethods,
  ...appMethods,
  ...appRunMethods,
  ...trustMethods,
  ...revocationMethods,
  ...auditControlMethods,
  ...modelsControlMethods,
  ...keysMethods,
  ...storeMethods,
  ...storeExportMethods,
  ...privacyControlMethods,
};
