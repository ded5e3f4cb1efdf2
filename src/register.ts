/**
 * The preload: `node --require otel-token-budget/register agent.js`, or `--import`, for applications in
 * CommonJS and in ES modules. No module below it has a top-level await, which `--require` rejects.
 */
import module from 'node:module';
import { workerData } from 'node:worker_threads';
import { exitIfUnsupported, isInternalThread, isOwnContext, mainRequire } from './util/runtime/index.ts';

const load = mainRequire(import.meta.url);
exitIfUnsupported(load('../package.json').engines.node);

// Before anything else is loaded, so that it is loaded from the cache.
module.enableCompileCache?.();

// Our own threads, and those of Node for loaders, inherit the preload and do not need it.
if (!isInternalThread && !String(workerData?.thread).startsWith('otel-token-budget ')) {
  const { patchClass } = load('./process/index.js').preloadBudget({ isImported: !isOwnContext });
  // In a setup file of a test runner, whose tests have an openai of their own, which no hook of Node sees.
  if (isOwnContext)
    import('openai')
      .then(({ OpenAI }) => patchClass(OpenAI))
      // It is not installed, or a stand-in of the tests without a client to patch.
      .catch(() => undefined);
}
