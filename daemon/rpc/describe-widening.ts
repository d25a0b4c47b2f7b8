import type { ControlMethodName } from '@locara/protocol';
import type { AuditFields } from '../audit/audit.ts';

/** What may give an app, or whoever signs one, more than it had. */
const WIDENING: ReadonlySet<ControlMethodName> = new Set<ControlMethodName>([
  'app.install',
  'app.consent',
  'trust.add',
  'trust.addIdentity',
  'privacy.resetBudget',
]);

/** The params that say what is asked, and are no content: no path, no name that the user gave. */
const RECORDED = ['capability', 'consentDigest', 'diffDigest', 'scope', 'acceptRisk'] as const;

/** What the audit log says before a right is widened; undefined for a method that widens none. */
export function describeWidening(
  method: ControlMethodName,
  params: unknown,
): { readonly fields: AuditFields; readonly appId: string | undefined } | undefined {
  if (!WIDENING.has(method)) return undefined;
  const given = params as Readonly<Record<string, unknown>>;
  const fields: Record<string, string | boolean> = { method };
  for (const key of RECORDED) {
    const value = given[key];
    if (typeof value === 'string' || typeof value === 'boolean') fields[key] = value;
  }
  const { appId } = given;
  return { fields, appId: typeof appId === 'string' ? appId : undefined };
}
