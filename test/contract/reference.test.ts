import { methods, renderOpenRpc, renderReference } from '@locara/protocol';
import { expect, test } from 'vitest';

test('protocol/docs/reference.md is current (npm run docs)', async () => {
  await expect(renderReference()).toMatchFileSnapshot('../../protocol/docs/reference.md');
});

test('protocol/docs/openrpc.json is current (npm run docs)', async () => {
  const text = `${JSON.stringify(renderOpenRpc(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot('../../protocol/docs/openrpc.json');
});

test('every reference inside the OpenRPC document resolves', () => {
  const document = renderOpenRpc() as unknown as {
    components: { schemas: object; errors: object };
  };
  const text = JSON.stringify(document);
  const targets = [...text.matchAll(/"\$ref":"#\/components\/(schemas|errors)\/([^"]+)"/g)];
  expect(targets.length).toBeGreaterThan(20);
  for (const [, kind, name] of targets) {
    expect(document.components[kind as 'schemas' | 'errors']).toHaveProperty(name ?? '');
  }
  expect(text).not.toContain('$defs');
});

test('no method that is there is listed as one that is not there yet', () => {
  const [, listed = ''] = renderReference().split('## Not there yet');
  const names = [...listed.matchAll(/^- `([a-zA-Z.]+)(\*?)`$/gm)];
  expect(names.length).toBeGreaterThan(0);
  for (const [, name = '', rest] of names) {
    const found = Object.keys(methods).filter((method) =>
      rest === '*' ? method.startsWith(name) : method === name,
    );
    expect(found).toEqual([]);
  }
});
