/** How long a charge can be undone, milliseconds, and how many are remembered for that. */
const REMEMBERED_MS = 600_000;
const MAX_REMEMBERED = 10_000;

/**
 * Charges without a reservation. The charge is remembered for some time, so that a client without an answer
 * can undo it.
 *
 * ARGV: 2 the name of the charge, 3 to 5 what was used (nano-USD, tokens, calls); from 6 on, for each
 * account: start and end of the window, its expiry, definition.
 */
export const CHARGE = `
local used = { tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]) }
local accounts = present_accounts(6, 4)
if not accounts then return { 'retry', int(now) } end
redis.call('ZADD', CHARGES, int(now), ARGV[2])
redis.call('ZREMRANGEBYSCORE', CHARGES, '-inf', int(now - ${REMEMBERED_MS}))
redis.call('ZREMRANGEBYRANK', CHARGES, 0, -${MAX_REMEMBERED + 1})
for _, account in ipairs(accounts) do
  settle_amounts(account, used, 1)
  save_account(account)
end
return answer()
`;

/** Undoes a charge whose caller was told that it failed. ARGV as for the charge, without windows. */
export const UNCHARGE = `
if redis.call('ZREM', CHARGES, ARGV[2]) == 0 then return answer('0') end
local used = { tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]) }
for i = FIRST_ACCOUNT, #KEYS do
  local account = load_account(KEYS[i])
  if account.startedAt then
    settle_amounts(account, used, -1)
    save_account(account)
  end
end
return answer('1')
`;

/**
 * Answers the balances of one account. ARGV: from 2 on, start and end of the window, its expiry, definition.
 */
export const BALANCES = `
local accounts = present_accounts(2, 4)
if not accounts then return { 'retry', int(now) } end
return answer(balances(accounts[1]))
`;
