/** One thing the quickstart showed, and how long it took. */
export interface Step {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly detail: string;
}

/** Runs one step and tells how it went; a failure is a step too. */
export async function runStep(name: string, show: () => Promise<string>): Promise<Step> {
  const startedAt = performance.now();
  const finish = (ok: boolean, detail: string): Step => ({
    name,
    ok,
    ms: Math.round(performance.now() - startedAt),
    detail,
  });
  try {
    return finish(true, await show());
  } catch (error) {
    return finish(false, error instanceof Error ? error.message : 'failed');
  }
}

/** Fails the step when what was shown is not what it should be. */
export function expectThat(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
