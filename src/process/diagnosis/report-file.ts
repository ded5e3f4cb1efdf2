import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { ProcessReport } from './report.ts';

/** The report of this thread, in a file that is complete at every instant: the process may be killed. */
export class ReportFile {
  readonly report: ProcessReport = {
    pid: process.pid,
    threadId,
    node: process.versions.node,
    program: process.argv[1] ?? '',
    packages: [],
    copies: [],
    isMetered: false,
    unmetered: [],
    hasEnded: false,
  };
  readonly #path: string;

  /** @param directory where the reports of the command are */
  constructor(directory: string) {
    this.#path = join(directory, `${process.pid}-${threadId}.json`);
    this.write();
  }

  /** Writes the report as it is now. A process that may not write there has no report. */
  write(): void {
    try {
      writeFileSync(`${this.#path}.new`, JSON.stringify(this.report));
      renameSync(`${this.#path}.new`, this.#path);
    } catch {
      // The program matters more.
    }
  }
}
