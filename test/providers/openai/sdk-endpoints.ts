import OpenAI from 'openai';

/** What stands for every id, and for every parameter that becomes a part of a path. */
const ID = 'ID';

/** Anything a method may read of its parameters: each is the id. */
const anything = new Proxy(
  {},
  { get: (_, key) => (typeof key === 'string' && key !== 'then' ? ID : undefined) },
);

/** The arguments that methods of resources take: ids, then parameters. */
const ARGUMENTS: readonly (readonly unknown[])[] = [
  [ID, anything, {}],
  [anything, {}],
  [ID, ID, anything],
  [{}, {}],
];

class Stop extends Error {}

/**
 * Every request that a method of the installed SDK makes, as `POST /threads/{id}/runs`: each method of each resource of a client is
 * called, and its request noted where it would be sent.
 */
export async function sdkEndpoints(): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  class Probe extends OpenAI {}
  Object.defineProperty(Probe.prototype, 'makeRequest', {
    async value(given: unknown): Promise<never> {
      const options = (await given) as { method: string; path: string };
      const path = options.path.replace(/\?.*/, '').replaceAll(ID, '{id}');
      found.add(`${options.method.toUpperCase()} ${path}`);
      throw new Stop();
    },
  });
  const client = new Probe({ apiKey: 'sk-test', adminAPIKey: 'sk-admin', maxRetries: 0 });
  for (const resource of resourcesOf(client)) {
    for (const method of methodsOf(resource)) await probe(resource, method);
  }
  return found;
}

/** Helpers that go on in the background, on top of the methods that are probed. */
const HELPERS = /^(stream|runTools)|Stream$/;

type Method = (...args: readonly unknown[]) => unknown;

async function probe(resource: object, method: Method): Promise<void> {
  for (const args of ARGUMENTS) {
    try {
      await method.apply(resource, [...args]);
    } catch {
      // The wrong arguments for it, or the stop of our own.
    }
  }
}

/** The resources of a client, those within others too. */
function resourcesOf(of: object, seen = new Set<object>()): ReadonlySet<object> {
  for (const value of Object.values(of)) {
    if (typeof value !== 'object' || value === null || !('_client' in value) || seen.has(value)) continue;
    seen.add(value);
    resourcesOf(value, seen);
  }
  return seen;
}

/** Its methods that make a request themselves; helpers call those. */
function methodsOf(resource: object): Method[] {
  const methods: Method[] = [];
  for (
    let prototype: object | null = Object.getPrototypeOf(resource);
    prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const method: unknown = Reflect.get(prototype, name);
      if (name === 'constructor' || typeof method !== 'function') continue;
      const text = Function.prototype.toString.call(method);
      if (/\b_client\b/.test(text) && !HELPERS.test(name)) methods.push(method as Method);
    }
  }
  return methods;
}
