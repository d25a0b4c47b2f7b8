import type { NoiseOps } from '../../privacy/noise/noise-ops.ts';
import type { RedactionOps } from '../../privacy/redaction/redaction-ops.ts';

/** What looks into texts and draws noise, beside the daemon: neither must hold it up. */
export interface PrivacyOps extends RedactionOps, NoiseOps {}
