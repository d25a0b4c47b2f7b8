import type { Registration } from '../frame.ts';
import { registerApp } from './app.ts';
import { registerCall } from './call.ts';
import { registerModel } from './model.ts';
import { registerStatus } from './status.ts';
import { registerTrust } from './trust.ts';

/** Every command, in the order of `locara --help`. */
export const registrations: readonly Registration[] = [
  registerStatus,
  registerApp,
  registerModel,
  registerTrust,
  registerCall,
];
