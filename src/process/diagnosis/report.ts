/** What `doctor` asks of the processes of its command. */
export interface DiagnosisRequest {
  /** Where each process writes its report. */
  readonly directory: string;
  /** The base URL of the server that answers the probe call. */
  readonly probeUrl: string;
}

/** What a process, or a thread of it, found out about itself for `doctor`. */
export interface ProcessReport {
  readonly pid: number;
  /** 0 in the main thread. */
  readonly threadId: number;
  /** The version of Node. */
  readonly node: string;
  /** The file that the process runs; empty for `-e` and the like. */
  readonly program: string;
  /** The version of the API that registered the first provider; absent if none is registered. */
  apiVersion?: string;
  /** Packages of OpenTelemetry that the program loaded. */
  readonly packages: LoadedPackage[];
  provider?: ProviderReport;
  readonly copies: SdkCopyReport[];
  /** Whether a client was metered, of whatever kind. */
  isMetered: boolean;
  /** What the budget did not count, as its events say. */
  readonly unmetered: string[];
  /** What the store answered; absent if it was not asked. */
  store?: { readonly answered: boolean; readonly reason?: string };
  probe?: ProbeReport;
  /** Whether the process has ended by itself. */
  hasEnded: boolean;
}

/** A package, and where it was loaded from. */
export interface LoadedPackage {
  readonly name: string;
  readonly version: string;
  readonly path: string;
}

/** The registered provider of traces. */
export interface ProviderReport {
  readonly registeredBy: 'this package' | 'the program' | 'none';
  readonly className: string;
  /** The version of the SDK that it belongs to, by its resource. */
  readonly sdkVersion?: string;
}

/** A copy of the openai SDK that was loaded. */
export interface SdkCopyReport {
  readonly path: string;
  readonly version: string;
  readonly kind: 'CommonJS' | 'an ES module';
  /** Why it is not patched; absent if it is. */
  readonly whyNotPatched?: string;
}

/** What became of the probe call. */
export interface ProbeReport {
  /** The version of the SDK that made it. */
  readonly version: string;
  /** The tokens that the probe's budget was charged. */
  readonly chargedTokens: number;
  /** Why the call failed; absent if it did not. */
  readonly error?: string;
  readonly span: 'none' | 'not recorded' | 'not sampled' | 'recorded';
  readonly export?: ExportReport;
}

/** What became of the span of the probe call. */
export interface ExportReport {
  /** `unknown` if the provider cannot tell, or sends to no receiver. */
  readonly state: 'accepted' | 'failed' | 'unknown';
  readonly reason?: string;
}
