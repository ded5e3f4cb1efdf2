/**
 * Charges without a reservation, once. The position of the last charge of its source is remembered for a
 * time. Answers that position, and charges nothing if this charge does not follow it.
 *
 * ARGV: 2 the source, 3 the position that this charge follows, 4 its own, 5 how long it is remembered (ms),
 * 6 to 8 what was used (nano-USD, tokens, calls); from 9 on, for each account: start and end of the window,
 * its expiry, definition.
 */
export const CHARGE = `
local key = EPOCH .. ':charged:' .. ARGV[2]
local last = redis.call('GET', key) or '0'
if last ~= ARGV[3] then return answer(last) end
local used = { tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]) }
local accounts = present_accounts(9, 4)
if not accounts then return { 'retry', int(now) } end
redis.call('SET', key, ARGV[4], 'PX', ARGV[5])
for _, account in ipairs(accounts) do
  settle_amounts(account, used, 1)
  save_account(account)
end
return answer(ARGV[4])
`;

/** Undoes a charge whose caller was told that it failed. ARGV as for the charge, without windows. */
export const UNCHARGE = `
local key = EPOCH .. ':charged:' .. ARGV[2]
if redis.call('GET', key) ~= ARGV[4] then return answer('0') end
redis.call('DEL', key)
local used = { tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]) }
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
