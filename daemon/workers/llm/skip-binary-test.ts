import { registerHooks } from 'node:module';

const BINARY_TEST = '/node-llama-cpp/dist/bindings/utils/testBindingBinary.js';

/**
 * node-llama-cpp first tries its native library in a child process, lest it crash its host. A sealed worker can
 * not have children, and is itself such a child: the test is answered here. Call before the library is imported.
 */
export function skipBinaryTest(): void {
  registerHooks({
    load(url, context, nextLoad) {
      if (!url.endsWith(BINARY_TEST)) return nextLoad(url, context);
      const source = 'export const testBindingBinary = async () => true;';
      return { format: 'module', shortCircuit: true, source };
    },
  });
}
