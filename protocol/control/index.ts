import { appMethods } from './app.ts';
import { modelsControlMethods } from './models.ts';
import { statusMethods } from './status.ts';
import { trustMethods } from './trust.ts';

/** The method table of the control socket. */
export const controlMethods = {
  ...statusMethods,
  ...appMethods,
  ...trustMethods,
  ...modelsControlMethods,
};
