#!/usr/bin/env node
// Checks one bundle for `locara trust verify-bundle`, which starts it on the pinned Node.
await import('../dist/verify-bundle.js');
