/** An answer that names the node of a cluster that serves a key. */
export interface Redirect {
  /** `moved`: it serves the key from now on; `ask`: for this command only, while the key is on its way there. */
  readonly kind: 'moved' | 'ask';
  /** Empty: the host of the node that answered. */
  readonly host: string;
  readonly port: number;
}

/**
 * Parses the error `MOVED slot host:port` or `ASK slot host:port` of a cluster.
 * https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#moved-redirection
 */
export function parseRedirect(error: unknown): Redirect | undefined {
  if (!(error instanceof Error)) return undefined;
  const found = /^(MOVED|ASK) \d+ (.*):(\d+)$/.exec(error.message);
  if (found === null) return undefined;
  const [, word, host = '', port] = found;
  return { kind: word === 'ASK' ? 'ask' : 'moved', host, port: Number(port) };
}

/**
 * Where to connect to: the server of the URL, or in a cluster the node that serves the ledger. All keys of a ledger
 * have one hash tag and so one node, which is why one connection is enough.
 */
export class ClusterNodes {
  readonly #url: string;
  #current: string;
  /** The addresses of the nodes, as URLs; empty unless the server is one of a cluster. */
  #known: readonly string[] = [];

  /** @param url of the settings, with user and password */
  constructor(url: string) {
    this.#url = url;
    this.#current = url;
  }

  /** The URL to connect to. */
  get url(): string {
    return this.#current;
  }

  /** Goes to the node that an answer has named. */
  follow(redirect: Redirect): void {
    this.#current = this.urlOf(redirect);
  }

  /** Goes to another node after the present one was lost: any of them says which one serves the ledger. */
  leave(): void {
    const all = [this.#url, ...this.#known.filter((url) => url !== this.#url)];
    this.#current = all[(all.indexOf(this.#current) + 1) % all.length] ?? this.#url;
  }

  /** Learns the nodes from the answer to `CLUSTER NODES`. */
  learn(answer: unknown): void {
    // Each line: id, host:port@bus,name, flags, …
    // https://redis.io/docs/latest/commands/cluster-nodes/
    const lines = String(answer).split('\n');
    this.#known = lines.flatMap((line) => {
      const [, host = '', port] = /^\S+ (.*?):(\d+)@\S* /.exec(line) ?? [];
      return port === undefined || port === '0' ? [] : [this.urlOf({ host, port: Number(port) })];
    });
  }

  /** Returns the URL of a node, with the user, the password and the options of the settings. */
  urlOf({ host, port }: Pick<Redirect, 'host' | 'port'>): string {
    const url = new URL(this.#current);
    if (host !== '') url.hostname = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
    url.port = String(port);
    return url.href;
  }
}
