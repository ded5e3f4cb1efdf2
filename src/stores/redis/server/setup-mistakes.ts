/** How mistakes are recognized in the message or the code of an error, and what was expected instead. */
type Mistake = readonly [pattern: RegExp, expected: string];

const CREDENTIALS = 'a URL with the user and the password of the server';
const PERMISSIONS = 'a user that may run the commands of the scripts on ~{token-budget}:*';
const SERVER = 'a Redis server of version 7 or later, or Valkey';

/** Refusals of the server that remain until the set-up is corrected. */
const REFUSALS: readonly Mistake[] = [
  [/^(WRONGPASS|NOAUTH|ERR invalid password|ERR AUTH )|unauthenticated/, CREDENTIALS],
  [/^NOPERM|ACL failure in script|can't run this command/, PERMISSIONS],
  [/^DENIED/, 'a server that accepts connections from this host, or a password in the URL'],
  [/DB index is out of range|SELECT is not allowed/, 'the number of a database that the server has'],
  [/unknown command|Unknown Redis command|Error compiling script|syntax error/i, SERVER],
];

const CERTIFICATE = 'a server whose certificate this process trusts (NODE_EXTRA_CA_CERTS adds an authority)';

/** Failures of a connection that remain until the set-up is corrected, by code or message. */
const FAILURES: readonly Mistake[] = [
  [/^ENOTFOUND$/, 'the name of a host that exists'],
  [
    /^(ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/,
    'redis://, or a port where the server speaks TLS',
  ],
  [/CERT|^UNABLE_TO_|^HOSTNAME_MISMATCH$/, CERTIFICATE],
  [/^Unknown RESP type/, SERVER],
];

/** Returns what was expected instead, if the server refuses because of a mistake in the set-up. */
export function expectedByServer(message: string): string | undefined {
  return find(REFUSALS, message);
}

/** Returns what was expected instead, if a connection failed because of a mistake in the set-up. */
export function expectedOfConnection(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  return find(FAILURES, code) ?? find(FAILURES, error.message.split('\n', 1)[0] ?? '');
}

function find(mistakes: readonly Mistake[], text: string): string | undefined {
  return mistakes.find(([pattern]) => pattern.test(text))?.[1];
}
