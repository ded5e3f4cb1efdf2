/** How long a charge can be taken back, milliseconds, and how many are remembered for that. */
const REMEMBERED_MS = 600_000;
const REMEMBERED = 10_000;

/**
 * Charges without a reservation. It is remembered for some time, so that a client that heard no answer can take it back.
 *
 * ARGV: 2 the name of the charge, 3 to 5 what was used (nano-USD, tokens, calls); from 6 on, for each account: start and end of the
 * window, when to forget it, definition.
 */
export const CHARGE = `
local used = { tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]) }
local accounts = present(6, 4)
if not accounts then return { 'retry', int(now) } end
redis.call('ZADD', CHARGES, int(now), ARGV[2])
redis.call('ZREMRANGEBYSCORE', CHARGES, '-inf', int(now - ${REMEMBERED_MS}))
redis.call('ZREMRANGEBYRANK', CHARGES, 0, -${REMEMBERED + 1})
for _, account in ipairs(accounts) do
  settle(account, used, 1)
  save(account)
end
return answer()
`;

/** Takes back a charge whose caller was told that it failed. ARGV as for the charge, without windows. */
export const UNCHARGE = `
if redis.call('ZREM', CHARGES, ARGV[2]) == 0 then return answer('0') end
local used = { tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]) }
for i = FIRST, #KEYS do
  local account = load(KEYS[i])
  if account.startedAt then
    settle(account, used, -1)
    save(account)
  end
end
return answer('1')
`;

/** The balances of one account. ARGV: from 2 on, start and end of the window, when to forget it, definition. */
export const BALANCES = `
local accounts = present(2, 4)
if not accounts then return { 'retry', int(now) } end
return answer(balances(accounts[1]))
`;
