import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { CliError, EXIT, type CliContext } from '../context.ts';
import { findDaemonProgram } from '../daemon-program.ts';
import { plain } from '../output.ts';
import { addExample } from './example.ts';

interface VerifyBundleOptions {
  readonly bundle: string;
  readonly certificateIdentity?: string;
  readonly certificateOidcIssuer?: string;
  readonly key?: string;
  readonly trustedRoot?: string;
}

/** What the daemon's program answers. */
type Answer =
  | {
      readonly ok: true;
      readonly provenance?: { readonly identity: string };
      readonly signedAt: string;
    }
  | {
      readonly error: {
        readonly reason: string;
        readonly message: string;
        readonly details?: Details;
      };
    };
type Details = Readonly<Record<string, unknown>>;
type Signer = { readonly key: string } | { readonly identity: string; readonly issuer: string };

const TIMEOUT_MS = 60_000;

/** `locara trust verify-bundle`: the client protocol of the Sigstore conformance suite; needs no daemon. */
export function registerVerifyBundle(trust: Command, context: CliContext): void {
  const command = trust
    .command('verify-bundle')
    .description('check a Sigstore bundle offline, as the conformance suite asks for it')
    .requiredOption('--bundle <file>', 'the bundle')
    .option('--certificate-identity <SAN>', 'the exact identity that must have signed')
    .option('--certificate-oidc-issuer <url>', 'the exact issuer that vouches for the identity')
    .option('--key <public pem>', 'the public key that must have signed, instead of an identity')
    .option('--trusted-root <trusted_root.json>', "the root of trust, instead of Sigstore's own")
    .argument('<artifact>', 'the signed file, or sha256:<hex>')
    .action(async (artifact: string, options: VerifyBundleOptions) => {
      const { bundle, trustedRoot } = options;
      const answer = await askVerifier({
        bundle,
        artifact,
        trustedRoot,
        signer: toSigner(options),
      });
      if ('error' in answer) throw new RefusedBundle(answer.error);
      const who = answer.provenance === undefined ? 'that key' : plain(answer.provenance.identity);
      context.print(answer, `Accepted: signed by ${who}, no later than ${answer.signedAt}.`);
    });
  addExample(
    command,
    'locara trust verify-bundle --bundle notes.sigstore.json --key acme.pub.pem notes.tgz',
  );
}

class RefusedBundle extends CliError {
  constructor({
    reason,
    message,
    details,
  }: {
    reason: string;
    message: string;
    details?: Details;
  }) {
    super(reason, message, EXIT.failed);
    if (details !== undefined) Object.assign(this, { details });
  }
}

/** An identity with its issuer, or a key: nothing less and not both. */
function toSigner({
  key,
  certificateIdentity,
  certificateOidcIssuer,
}: VerifyBundleOptions): Signer {
  const isIdentity = certificateIdentity !== undefined || certificateOidcIssuer !== undefined;
  if (isIdentity === (key !== undefined)) {
    throw misuse('Say who must have signed: --key, or --certificate-identity with its issuer.');
  }
  if (key !== undefined) return { key };
  if (!certificateIdentity || !certificateOidcIssuer) {
    throw misuse('--certificate-identity and --certificate-oidc-issuer belong together.');
  }
  return { identity: certificateIdentity, issuer: certificateOidcIssuer };
}

function misuse(message: string): CliError {
  return new CliError('Usage', message, EXIT.usage);
}

async function askVerifier(request: object): Promise<Answer> {
  const child = spawn(process.execPath, [findDaemonProgram('locara-verify-bundle')], {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  // Whatever goes wrong with it, there is no answer then.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(request));
  const answer = await text(child.stdout).catch(() => '');
  try {
    return JSON.parse(answer) as Answer;
  } catch {
    throw new CliError('WorkerCrashed', 'The check could not be made: its program gave no answer.');
  }
}
