import { Socket } from 'node:net';
import { ClientError } from './errors.ts';

const VARIABLE = 'LOCARA_CHANNEL_FD';
const TAKEN = 'taken';

/**
 * The channel that the daemon opened for an app it launched; undefined for an app that starts otherwise.
 * There is one for the life of the process: the variable says afterwards that it is taken, also to other
 * clients here, and a second try is `ConnectionClosed`.
 */
export function takeChannel(environment: NodeJS.ProcessEnv): Socket | undefined {
  const value = environment[VARIABLE];
  if (value === undefined || value === '') return undefined;
  if (value === TAKEN) {
    throw new ClientError(
      'ConnectionClosed',
      'A launched app has one connection to the daemon: it is in use, or was lost. Start the app anew.',
    );
  }
  environment[VARIABLE] = TAKEN;
  try {
    if (!/^\d{1,4}$/.test(value)) throw new Error('not a descriptor');
    return new Socket({ fd: Number(value), readable: true, writable: true });
  } catch (cause) {
    const message = `${VARIABLE} names no open channel: only the process that the daemon launched has it.`;
    throw new ClientError('ConnectFailed', message, cause);
  }
}
