import module from 'node:module';
import { entryModuleUrl, processState } from '../../../util/index.ts';
import { NOTE_KEY, noteModule } from './host-sdk.ts';
import { reportRequiredFiles } from './loaded-files.ts';
import { reportSdkFile } from './sdk-files.ts';
import { REPORT_KEY, sourceWithReport } from './sdk-source.ts';

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
  hookCompilation();
  reportRequiredFiles();
}

function hookSynchronously(): void {
  module.registerHooks({
    load(url, context, next) {
      noteModule(url);
      const result = next(url, context);
      const source = sourceWithReport(url, result.source);
      return source === undefined ? result : { ...result, source };
    },
  });
}

function hookEarlierNode(): void {
  Reflect.set(globalThis, Symbol.for(NOTE_KEY), noteModule);
  module.register(entryModuleUrl('clients/openai-sdk/loading/async-loader'));
}

interface Compiler {
  _compile(content: string, filename: string, ...rest: unknown[]): unknown;
}

/**
 * Sees the CommonJS modules that no hook of Node is asked about: those that a transpiler (tsx, ts-node) reads itself, and
 * before Node 22.15 all of them. They are compiled with this method, for which there is no public way.
 */
function hookCompilation(): void {
  const prototype = module.prototype as unknown as Compiler;
  const { _compile: compile } = prototype;
  prototype._compile = function _compile(this: unknown, content, filename, ...rest) {
    noteModule(filename);
    return compile.call(this as Compiler, sourceWithReport(filename, content) ?? content, filename, ...rest);
  };
}
