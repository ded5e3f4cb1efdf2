/**
 * The preload: `node --require otel-token-budget/register agent.js`, or `--import`, for applications in
 * CommonJS and in ES modules. No module below it has a top-level await, which `--require` rejects.
 */
import module, { createRequire } from 'node:module';
import { workerData } from 'node:worker_threads';

// Before anything else is loaded, so that it is loaded from the cache.
module.enableCompileCache();

// Our own threads inherit the preload from NODE_OPTIONS, and do not need it.
if (!String(workerData?.thread).startsWith('otel-token-budget ')) {
  createRequire(import.meta.url)('./process/index.js').preloadBudget();
}
