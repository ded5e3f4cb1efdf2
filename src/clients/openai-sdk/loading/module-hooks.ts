import module from 'node:module';
import { entryModuleUrl, processState } from '../../../util/index.ts';
import { NOTE_KEY, noteModule } from './host-sdk.ts';
import { reportRequiredFiles } from './loaded-files.ts';
import { reportSdkFile } from './sdk-files.ts';
import { mayBeSdkFile, REPORT_KEY, sourceWithReport } from './sdk-source.ts';

const shared = processState('module-hooks', () => ({ areInstalled: false }));

/**
 * Hooks the loading of CommonJS and ES modules: the few files of the SDK that define its clients get a line at their
 * end that reports the classes. Every other module is passed on as it is; that an OpenTelemetry SDK is loaded is
 * noted. Repeated calls, also those of other copies of this package, do nothing.
 *
 * A line in the source sees a class however the file was resolved. A wrapper of the module, as
 * `import-in-the-middle` makes one, does not if another copy of it wraps the module first (its issue 274).
 */
export function hookModules(): void {
  if (shared.areInstalled) return;
  shared.areInstalled = true;
  Reflect.set(globalThis, Symbol.for(REPORT_KEY), reportSdkFile);
  // Since Node 22.15 and 23.5.
  if (typeof module.registerHooks === 'function') hookSynchronously();
  else hookEarlierNode();
  reportRequiredFiles();
}

function hookSynchronously(): void {
  module.registerHooks({
    load(url, context, next) {
      noteModule(url);
      const result = next(url, context);
      if (!mayBeSdkFile(url)) return result;
      const source = sourceWithReport(url, result.source);
      return source === undefined ? result : { ...result, source };
    },
  });
  hookCompilation();
}

/** Before that, there is no public way to see the source of CommonJS modules. */
function hookEarlierNode(): void {
  Reflect.set(globalThis, Symbol.for(NOTE_KEY), noteModule);
  module.register(entryModuleUrl('clients/openai-sdk/loading/async-loader'));
  hookCompilation();
}

interface Compiler {
  _compile(content: string, filename: string, ...rest: unknown[]): unknown;
}

/**
 * Sees CommonJS modules that a transpiler (tsx, ts-node) reads itself, which no hook of Node is asked about: all of
 * them compile the result with this method.
 */
function hookCompilation(): void {
  const prototype = module.prototype as unknown as Compiler;
  const { _compile: compile } = prototype;
  prototype._compile = function _compile(this: unknown, content, filename, ...rest) {
    noteModule(filename);
    const source = mayBeSdkFile(filename) ? sourceWithReport(filename, content) : undefined;
    return compile.call(this as Compiler, source ?? content, filename, ...rest);
  };
}
