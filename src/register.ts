/**
 * The preload: `node --require otel-token-budget/register agent.js`, or `--import`. Works for applications in CommonJS
 * and in ES modules. It has no top-level await anywhere below it, which `--require` would refuse.
 */
import module, { createRequire } from 'node:module';
import { workerData } from 'node:worker_threads';

// Before anything else is loaded, so that it is loaded from the cache.
module.enableCompileCache();

// Our own threads inherit the preload, where it is set by NODE_OPTIONS, and need none.
if (!String(workerData?.thread).startsWith('otel-token-budget ')) {
  createRequire(import.meta.url)('./process/index.js').preload();
}
