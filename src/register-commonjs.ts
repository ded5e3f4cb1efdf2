/**
 * The preload as `require` finds it, `dist/register.cjs`. An older Node cannot load an ES module that way, and gets a
 * line that says what is needed. In a setup file of Jest it puts the budget on the openai of the tests as well.
 */
import { exitIfUnsupported, isInternalThread, isOwnContext, mainRequire } from './util/runtime/index.ts';

interface Sdk {
  readonly OpenAI: { readonly prototype: object };
}

const load = mainRequire(__filename);
exitIfUnsupported(load('../package.json').engines.node);
// A thread of Node for loaders may have no way yet to find the modules of this package (Yarn's Plug'n'Play).
if (!isInternalThread) load('./register.js');
if (isOwnContext) patchOwnOpenai(load('./index.js').getPreloaded()?.patchClass);

/**
 * Patches the openai that tests load, as CommonJS and as an ES module: the runner reads its files itself, which no
 * hook of Node sees.
 */
function patchOwnOpenai(patchClass: (client: Sdk['OpenAI']) => void): void {
  try {
    const sdk: Sdk = require(require.resolve('openai', { paths: [process.cwd(), __dirname] }));
    patchClass(sdk.OpenAI);
  } catch {
    // It is not installed, is an ES module alone, or is a stand-in of the tests.
  }
  import('openai').then(({ OpenAI }) => patchClass(OpenAI)).catch(() => undefined);
}
