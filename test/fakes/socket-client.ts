import { connect } from 'node:net';

/** Connects to the given socket and stays. */
connect(process.argv[2] ?? '').on('error', () => process.exit(1));
