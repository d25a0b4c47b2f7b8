import * as z from 'zod';

const FileAccess = z.enum(['none', 'read', 'read-write']);

/**
 * Everything a manifest asks for, in one shape that can be compared and narrowed: each field is a set or
 * a step of a ladder, so that for two of them it can be told which asks for more.
 */
export const Rights = z
  .strictObject({
    capabilities: z.array(z.string()),
    models: z.array(z.string()).describe('Pins: `<id>@sha256:<hex>`.'),
    hosts: z.array(z.string()).describe('Host patterns; `*` is every host.'),
    ports: z.union([z.literal('all'), z.array(z.int())]),
    userSelected: FileAccess,
    userPaths: z.record(z.string(), z.enum(['read', 'read-write'])),
    devices: z.array(z.string()),
    ipc: z.array(z.string()).describe('Each entry as canonical JSON.'),
    background: z.enum(['none', 'passive', 'active']),
    notifications: z.array(z.string()),
    quotaMb: z.int(),
    backups: z.boolean(),
  })
  .meta({ id: 'Rights' });
export type Rights = z.output<typeof Rights>;
