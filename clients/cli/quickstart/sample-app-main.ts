import { pathToFileURL } from 'node:url';
import { runSampleApp } from './sample-app.ts';

/** Process entry of the sample app: prints each step as one JSON line. */
const assets = pathToFileURL(`${process.argv[2] ?? ''}/`);
await runSampleApp(assets, (step) => {
  process.stdout.write(`${JSON.stringify(step)}\n`);
});
