/**
 * The environment variables by which `token-budget` and the preload of its command talk to each other. They are no
 * settings: nobody else sets them, and they may change with any release.
 */
export const INTERNAL_VARIABLES = {
  /** A file that `run` looks for at its end: a process that sees a client of a model creates it. */
  clientSeen: '_TOKEN_BUDGET_CLIENT_SEEN',
  /** What `doctor` asks of each process of its command, as JSON. */
  doctor: '_TOKEN_BUDGET_DOCTOR',
} as const;
