/** The code of a successful export, as the SDK's exporters report it. */
export const EXPORT_SUCCESS = 0;

/** The code of a failed export. */
export const EXPORT_FAILED = 1;

/** The result of an export. */
export interface ExportResult {
  readonly code: number;
  readonly error?: Error;
}
