import type { Client } from '../client.ts';

/** The client that a function calls the daemon with, asked for at each use. */
export type ClientSource = () => Client;
