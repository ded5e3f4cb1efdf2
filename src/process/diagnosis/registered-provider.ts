import { hasTracerProvider, type TracerProvider, trace } from '../../telemetry/api/index.ts';
import { fieldsOf, textOf } from '../../util/index.ts';
import type { ProviderReport } from './report.ts';

/** What providers of any SDK may have. */
export interface AnyProvider {
  getDelegate?(): AnyProvider;
  forceFlush?(): Promise<unknown>;
}

/** Returns the provider of traces that is registered, and not the one of the API that passes calls on to it. */
export function registeredProvider(): AnyProvider {
  const provider: TracerProvider & AnyProvider = trace.getTracerProvider();
  return provider.getDelegate?.() ?? provider;
}

/**
 * Reads who registered the provider of traces, and what it is.
 * @param isOurs whether this package started its SDK in this process
 */
export function describeProvider(isOurs: boolean): ProviderReport {
  const provider = registeredProvider();
  // A bundler numbers the classes that have the same name.
  const className = provider.constructor.name.replace(/\$\d+$/, '');
  if (!hasTracerProvider()) return { registeredBy: 'none', className };
  const sdkVersion = sdkVersionOf(provider);
  return {
    registeredBy: isOurs ? 'this package' : 'the program',
    className,
    ...(sdkVersion === undefined ? {} : { sdkVersion }),
  };
}

/** Reads the version of the SDK from the resource of a provider or of a span. */
export function sdkVersionOf(target: object): string | undefined {
  // A private property of the provider since 2.0.
  const { resource, _resource } = fieldsOf(target);
  for (const each of [resource, _resource]) {
    const version = textOf(fieldsOf(fieldsOf(each)['attributes'])['telemetry.sdk.version']);
    if (version !== '') return version;
  }
  return undefined;
}

/** Returns the version of the API that registered the first global of OpenTelemetry in this process. */
export function registeredApiVersion(): string | undefined {
  return (
    textOf(fieldsOf(Reflect.get(globalThis, Symbol.for('opentelemetry.js.api.1')))['version']) || undefined
  );
}
