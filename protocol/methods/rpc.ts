import * as z from 'zod';
import { defineMethod } from '../method.ts';

export const rpcMethods = {
  'rpc.discover': defineMethod({
    summary: 'The OpenRPC document of this interface.',
    requires: 'connection',
    params: z.strictObject({}),
    result: z.looseObject({ openrpc: z.string() }),
  }),
};
