import { checkManifest } from '@locara/protocol';
import type { Registration } from '../frame.ts';
import { signList } from '../sign-list.ts';
import { loadOrCreateDevelopmentKey, signPackage } from '../sign-package.ts';
import { registerApp } from './app.ts';
import { registerAudit } from './audit.ts';
import { registerCall } from './call.ts';
import { registerDoctor } from './doctor.ts';
import { registerKeys } from './keys.ts';
import { registerModel } from './model.ts';
import { registerPrivacy } from './privacy.ts';
import { registerQuickstart } from './quickstart.ts';
import { registerRevocation } from './revocation.ts';
import { registerService } from './service.ts';
import { signCommand } from './sign.ts';
import { registerStatus } from './status.ts';
import { registerTrust } from './trust.ts';
import { verifyCommand } from './verify.ts';

/** Every command, in the order of `locara --help`. */
export const registrations: readonly Registration[] = [
  registerQuickstart,
  registerStatus,
  registerDoctor,
  registerService,
  registerApp,
  registerModel,
  registerKeys,
  registerPrivacy,
  registerTrust,
  registerRevocation,
  signCommand({ loadOrCreateDevelopmentKey, signPackage, signList }),
  verifyCommand(checkManifest),
  registerAudit,
  registerCall,
];
