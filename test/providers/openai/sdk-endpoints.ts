import OpenAI from 'openai';

/** The value of every id, and of every parameter that becomes part of a path. */
const ID = 'ID';

/** Parameters of which every field is the id. */
const parameters = new Proxy(
  {},
  { get: (_, key) => (typeof key === 'string' && key !== 'then' ? ID : undefined) },
);

/** The arguments that methods of resources accept: ids, then parameters. */
const ARGUMENTS: readonly (readonly unknown[])[] = [
  [ID, parameters, {}],
  [parameters, {}],
  [ID, ID, parameters],
  [{}, {}],
];

class ProbeStoppedError extends Error {}

/**
 * Lists every request that a method of the installed SDK makes, such as `POST /threads/{id}/runs`: calls each
 * method of each resource of a client and records its request instead of sending it.
 */
export async function sdkEndpoints(): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  class Probe extends OpenAI {}
  Object.defineProperty(Probe.prototype, 'makeRequest', {
    async value(given: unknown): Promise<never> {
      const options = (await given) as { method: string; path: string };
      const path = options.path.replace(/\?.*/, '').replaceAll(ID, '{id}');
      found.add(`${options.method.toUpperCase()} ${path}`);
      throw new ProbeStoppedError();
    },
  });
  const client = new Probe({ apiKey: 'sk-test', adminAPIKey: 'sk-admin', maxRetries: 0 });
  for (const resource of resourcesOf(client)) {
    for (const method of methodsOf(resource)) await probe(resource, method);
  }
  return found;
}

/** Helpers that run in the background, on top of the methods that are probed. */
const HELPERS = /^(stream|runTools)|Stream$/;

type Method = (...args: readonly unknown[]) => unknown;

async function probe(resource: object, method: Method): Promise<void> {
  for (const args of ARGUMENTS) {
    try {
      await method.apply(resource, [...args]);
    } catch {
      // Wrong arguments, or our own error.
    }
  }
}

/** The resources of a client, nested ones included. */
function resourcesOf(of: object, seen = new Set<object>()): ReadonlySet<object> {
  for (const value of Object.values(of)) {
    if (typeof value !== 'object' || value === null || !('_client' in value) || seen.has(value)) continue;
    seen.add(value);
    resourcesOf(value, seen);
  }
  return seen;
}

/** The methods of a resource that make a request themselves; helpers call these. */
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
