import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The headless browser; undefined where none is installed. */
export const CHROMIUM = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
);

export interface Shot {
  /** The address of a page. */
  readonly url: string;
  /** Pixels. */
  readonly width: number;
  /** Pixels from the top; the whole page where absent. */
  readonly height?: number;
  readonly dark?: boolean;
  /** Whether scripts run; they do where absent. */
  readonly scripts?: boolean;
}

export interface Seen {
  readonly png: Buffer;
  /** How wide the page is; more than was asked for: it has to be scrolled sideways. */
  readonly pageWidth: number;
  /** What the page wrote to its console as errors, and what it failed to load. */
  readonly errors: readonly string[];
  /** How many plots were drawn. */
  readonly plots: number;
  /** Whatever it asked the network for. */
  readonly requests: readonly string[];
}

export interface Browser {
  readonly shoot: (shot: Shot) => Promise<Seen>;
  readonly close: () => void;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** Starts the browser and speaks its DevTools protocol. */
export async function startBrowser(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'otel-token-budget-browser-'));
  const child = spawn(
    CHROMIUM ?? 'chromium',
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--hide-scrollbars',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const socket = new WebSocket(await addressOf(child));
  await new Promise((ready, failed) => {
    socket.addEventListener('open', ready);
    socket.addEventListener('error', failed);
  });
  const protocol = new Protocol(socket);
  return {
    shoot: (shot) => shoot(protocol, shot),
    close: () => {
      socket.close();
      child.once('exit', () => rmSync(profile, { recursive: true, force: true }));
      child.kill();
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const [, address] = /DevTools listening on (\S+)/.exec(said) ?? [];
      if (address !== undefined) found(address);
    });
    child.once('exit', () => failed(new Error(`the browser ended: ${said}`)));
  });
}

class Protocol {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #listeners = new Set<(message: Message) => void>();
  #last = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(String(data)) as Message;
      if (message.id === undefined) for (const listen of this.#listeners) listen(message);
      else this.#waiting.get(message.id)?.(message);
    });
  }

  on(listener: (message: Message) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  send(method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((done, failed) => {
      this.#waiting.set(id, ({ result = {}, error }) => {
        this.#waiting.delete(id);
        if (error === undefined) done(result);
        else failed(new Error(`${method}: ${error.message}`));
      });
      this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    });
  }
}

async function shoot(
  protocol: Protocol,
  { url, width, height, dark = false, scripts = true }: Shot,
): Promise<Seen> {
  const { targetId } = await protocol.send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await protocol.send('Target.attachToTarget', { targetId, flatten: true });
  const send = (method: string, params: object = {}) => protocol.send(method, params, String(sessionId));
  const errors: string[] = [];
  const requests: string[] = [];
  let loaded: (() => void) | undefined;
  const load = new Promise<void>((done) => {
    loaded = done;
  });
  const off = protocol.on(({ method, params = {}, sessionId: of }) => {
    if (of !== sessionId) return;
    if (method === 'Page.loadEventFired') loaded?.();
    if (method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded')
      errors.push(JSON.stringify(params));
    if (method === 'Network.requestWillBeSent')
      requests.push(String((params['request'] as { url?: unknown }).url));
  });
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`);
  const metrics = { width, height: height ?? 800, deviceScaleFactor: 1, mobile: false };
  await send('Emulation.setDeviceMetricsOverride', metrics);
  await send('Emulation.setScriptExecutionDisabled', { value: !scripts });
  const features = [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }];
  await send('Emulation.setEmulatedMedia', { features });
  await send('Page.navigate', { url });
  await load;
  const { cssContentSize } = await send('Page.getLayoutMetrics');
  const expression = 'document.querySelectorAll("canvas").length';
  const counted = scripts ? await send('Runtime.evaluate', { expression }) : {};
  const plots = Number((counted['result'] as { value?: unknown } | undefined)?.value ?? 0);
  const size = cssContentSize as { width: number; height: number };
  const clip = { x: 0, y: 0, width, height: height ?? Math.ceil(size.height), scale: 1 };
  const { data } = await send('Page.captureScreenshot', { format: 'png', clip, captureBeyondViewport: true });
  off();
  await protocol.send('Target.closeTarget', { targetId });
  const own = requests.filter((one) => one !== url && !one.startsWith('data:'));
  return { png: Buffer.from(String(data), 'base64'), pageWidth: size.width, plots, errors, requests: own };
}
