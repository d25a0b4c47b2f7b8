import { RpcError } from '@locara/protocol';
import type { ControlHandlers } from '../../rpc/control-handler.ts';
import type { SandboxProcess } from '../../sandbox/launch-app.ts';
import type { Launches } from '../../sandbox/launches.ts';

export type AppRunHandlers = Pick<ControlHandlers<'app'>, 'app.run' | 'app.input' | 'app.signal'>;

export function createAppRunHandlers({
  launches,
}: {
  readonly launches: Launches;
}): AppRunHandlers {
  return {
    'app.run': async function* (params, { signal }) {
      const { run, attestation, sharedFolder, sandbox } = await launches.start(params, signal);
      try {
        yield {
          started: { run, attestation, ...(sharedFolder === undefined ? {} : { sharedFolder }) },
        };
        for await (const piece of sandbox.output()) {
          yield 'stdout' in piece
            ? { stdout: piece.stdout.toString('base64') }
            : { stderr: piece.stderr.toString('base64') };
        }
        return { exitCode: await sandbox.exitCode };
      } finally {
        sandbox.kill(new RpcError('Cancelled', 'The call ended.'));
      }
    },
    'app.input': async ({ run, data, end }) => {
      const sandbox = findSandbox(launches, run);
      const isOpen = data === undefined || (await sandbox.write(Buffer.from(data, 'base64')));
      if (end) sandbox.endInput();
      return { isOpen: isOpen && !end };
    },
    'app.signal': ({ run, signal }) => {
      findSandbox(launches, run).signal(signal);
      return {};
    },
  };
}

function findSandbox(launches: Launches, run: string): SandboxProcess {
  const launch = launches.find(run);
  if (launch === undefined) throw new RpcError('NotFound', 'No app runs under that name.');
  return launch.sandbox;
}
