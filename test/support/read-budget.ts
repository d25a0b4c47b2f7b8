import { expect } from 'vitest';
import type { DaemonProcess } from './daemon-process.ts';
import { openSession, type RawCredentials } from './raw-client.ts';

export interface ShownBudget {
  readonly budget: string;
  readonly subject?: string;
  readonly charges: number;
  readonly isExhausted: boolean;
  readonly spent: { readonly rho: number; readonly epsilon: number };
}

/** What the daemon tells an app of an allowance, asked in a session of its own. */
export async function readBudget(
  { appSocket }: Pick<DaemonProcess, 'appSocket'>,
  credentials: RawCredentials,
  params: object,
): Promise<ShownBudget> {
  const wire = await openSession(appSocket, credentials);
  const { result, error } = await wire.call('privacy.budget.get', params);
  expect(error).toBeUndefined();
  wire.end();
  return result as unknown as ShownBudget;
}
